#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs that read the module's context themselves are told what those are told that copy it, and cannot lead the module astray.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
in_right iptables-legacy-restore <<-END
	*filter
	:user - [0:0]
	-A INPUT -p icmp -j user
	-A INPUT -p udp --dport 7 -j REJECT
	-A user -m mark --mark 0
	COMMIT
END

# In softirqs, in process context, nested; accepted, dropped.
traffic()
{
	in_left ping -nq -c 7 -i 0.01 192.0.2.2
	in_right ping -nq -c 7 -i 0.01 192.0.2.1
	in_left bash -c 'for i in {1..5}; do echo x >/dev/udp/192.0.2.2/7; done'
} >/dev/null 2>&1

# In the same order, whoever reads them.
told() { events "$1" . | sed 's/ replacements=[^ ]*//' | sort; }
same_told() { same "$(told direct)" "$(told copying)"; }

ktap_plan 8

# Both are there for all packets, so that these have the same numbers in both.
trace_start copying
trace_object=trace_direct trace_start direct
traffic
trace_stop direct
trace_stop copying
check "both types of programs are told the same" same_told
check "... of all events" test "$(count_events direct .)" -ge 40
check "... each of them numbered" whole direct
check "packet and state are the second and third argument" same "$(events direct . | grep -vc ' skb=1 ')" 0

# The first in the row writes, the second reads.
trace_object=trace_scribble trace_start scribbling
trace_start after
modprobe xt_mark
in_right iptables-legacy -A user -m mark --mark 0
observe_start
traffic
observe_stop
trace_stop after
trace_stop scribbling
check "what a program writes into the context loses no event" \
	same "$(stat_of scribbling events) $(stat_of scribbling unwritten) $(stat_of scribbling not_run)" \
	"$(stat_of after events) 0 0"
check "... and only who reads it next is told nonsense" same "$(grep -c '^malformed' "$trace_work/after")" "$(stat_of after events)"
check "... and no packet keeps the mark" same "$(observed delivered 1 | cut -d' ' -f1) $(observed sent 1 | cut -d' ' -f1)" "0 0"
trace_start session
in_left ping -nq -c 3 -i 0.01 192.0.2.2 >/dev/null
trace_stop session
check "the next session has all events" whole session
ktap_end
