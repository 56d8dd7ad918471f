#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# reader.sh: what a traced packet costs in instructions whose events find no room, as their reader has stopped, beside one whose
# events are written; see lib.sh. A row is "what<TAB>instructions". Packets go as in trace.sh. The programs are the tool's. The
# reader stands still in both cases: of two rings, one has room for all, and the other one is full after a few packets.

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. lib/trace_kernel.sh
. bench/lib.sh

packets=200 rules=20

# measure: what a packet costs with the DROP alone and with $rules rules before it: $few and $many.
measure()
{
	ruleset iptables-legacy '' 0
	few=$(per_packet)
	ruleset iptables-legacy '' $rules
	many=$(per_packet)
}

# stopped WHAT BYTES: rows of a session whose ring is so large.
stopped()
{
	trace_start session -l -f "$(filter_ipv4 17)" -s "$2"
	kill -STOP "${trace_pid[session]}"
	measure
	kill -CONT "${trace_pid[session]}"
	trace_stop session
	tail -n 1 "$trace_work/session"
	printf '%s\t%s\n' "$1, mean of enter, rule and leave" "$(tenths $((few - few_untraced)) 3)" \
		"$1, a rule" "$(tenths $((many - many_untraced - few + few_untraced)) $rules)"
}

bench_setup
trace_object=iptables_trace
measure
few_untraced=$few many_untraced=$many
stopped "written" $((1 << 25))
same "$(stat_of session unwritten) $(stat_of session not_run)" "0 0"
stopped "lost" 4096
# What found room at the beginning.
[ $(($(stat_of session events) - $(stat_of session unwritten))) -lt 100 ]
same "$(stat_of session not_run)" 0
