#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets carry the mark only if they are selected, and only as long as they are in a table.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -m mark --mark 0
	COMMIT
	*filter
	-A INPUT -m mark --mark 0
	-A OUTPUT -m mark --mark 0
	COMMIT
END

# 11 echo requests with their answers, 13 datagrams to a port that nobody listens on.
traffic()
{
	in_left ping -nq -c 11 -i 0.01 192.0.2.2
	local _
	for _ in {1..13}; do
		in_left bash -c 'echo x >/dev/udp/192.0.2.2/9'
	done
}

ktap_plan 10
observe_start
traffic >/dev/null
observe_stop
check "without a session nothing is marked" same "$(observed in_table 1 | cut -d' ' -f1) $(observed in_table 17)" "0 0 26"

trace_start session -f "$(filter_ipv4 1)"
observe_start
traffic >/dev/null
observe_stop
trace_stop session
check "selected packets are marked in a table" same "$(observed in_table 1 | cut -d' ' -f2)" 0
check "... all of them" test "$(observed in_table 1 | cut -d' ' -f1)" -ge 33
check "packets that are not selected never are" same "$(observed in_table 17)" "0 26"
check "between tables no packet is marked" same "$(observed delivered 1 | cut -d' ' -f1) $(observed delivered 17)" "0 0 13"
check "what leaves the host is not marked" same "$(observed sent 1 | cut -d' ' -f1) $(observed sent 17 | cut -d' ' -f1)" "0 0"
check "at their leave the packets are as they were" same "$(events session '^leave' | grep -c nf_trace=1)" 0

observe_start
traffic >/dev/null
observe_stop
check "after the session nothing is marked" same "$(observed in_table 1 | cut -d' ' -f1) $(observed in_table 17)" "0 0 26"

# Nobody asks for rules: nothing needs the mark.
trace_start session -k el
observe_start
traffic >/dev/null
observe_stop
trace_stop session
check "a session without a program for rules marks nothing" same "$(observed in_table 1 | cut -d' ' -f1) $(observed in_table 17)" "0 0 26"
check "... and has entries and verdicts" test "$(count_events session '^enter')" = "$(count_events session '^leave')" -a \
	"$(count_events session '^enter')" -gt 40
ktap_end
