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

ktap_plan 4
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
ktap_end
