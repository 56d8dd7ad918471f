#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What the kernel does not let the probes see, as one is at work on the CPU already, is counted to the last walk.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

[ "$(nproc)" -ge 2 ] || skip_all "one CPU: nothing comes in while a probe works"

# One table, so that what its rules count is all that the probes can see.
make_pair
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING
	-A OUTPUT
	COMMIT
END
through_table() { echo $(($(packets iptables-legacy raw PREROUTING) + $(packets iptables-legacy raw OUTPUT))); }

# What one process sends on CPU 0 is interrupted there by what the other sends on CPU 1.
traffic()
{
	receive_on "$right" eth0 1
	in_right "$trace_bin/udp_send" -c 0 -i 100 -n 3000 192.0.2.1 9 &
	in_left "$trace_bin/udp_send" -c 1 -i 100 -n 3000 192.0.2.2 9
	wait $!
	# When this has come, all before it has.
	in_left ping -nqc1 -W5 192.0.2.2
}

# A walk tells at both ends how much was missed so far: of the walks of a session, how many of the misses lie in none.
misses_in_no_walk()
{
	events "$1" '^(enter|leave)' | awk '
		{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
		$1 == "enter" { begin[v["walk"]] = v["missed"] }
		$1 == "leave" { for (m = begin[v["walk"]] + 1; m <= v["missed"]; m++) seen[m]; if (v["missed"] > most) most = v["missed"] }
		END { for (m = 1; m <= most; m++) nowhere += !(m in seen); print most + 0, nowhere + 0 }'
}

ktap_plan 6
trace_object=trace_slow
before=$(through_table)
trace_start session
traffic >/dev/null 2>&1
trace_stop session
walks=$(stat_of session events)
missed=$(stat_of session missed | cut -d/ -f1)
check "probes are missed" test "$missed" -gt 0
check "walks that were seen and walks that were missed are all that there were" same $((walks + missed)) $(($(through_table) - before))
check "nothing else is missed" same "$(stat_of session missed)" "$missed/0/0/0"
check "a packet that was seen is seen to its end" same "$(stat_of session packets) $(stat_of session refused)" "$walks 0"

# told_of SESSION: some misses, and all but those that came while a walk's end was told already.
told_of()
{
	local most nowhere
	read -r most nowhere < <(misses_in_no_walk "$1")
	diag <<<"$most missed, $nowhere of them in no walk"
	[ "$most" -gt 0 ] && [ $((nowhere * 5)) -le "$most" ]
}
for object in trace_record trace_whole; do
	trace_object=trace_slow
	trace_start slow
	trace_object=$object
	trace_start $object
	traffic >/dev/null 2>&1
	trace_stop $object
	trace_stop slow
done
check "a miss lies in a walk that says so at its end" told_of trace_record
check "... and in one that is told as a whole" told_of trace_whole
ktap_end
