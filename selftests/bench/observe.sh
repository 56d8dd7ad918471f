#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# observe.sh: what it costs in instructions to observe the matches of a packet that is traced, see lib.sh. A row is
# "what<TAB>instructions". Packets go through one table, raw PREROUTING, past rules whose match says no, into a DROP; what
# they cost when they are traced and not observed is taken off. The programs are the tool's.
#
# Wants a machine of two CPUs of which one is not used: a kernel for one alone keeps the counters of rules inside of them.

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. lib/trace_kernel.sh
. bench/lib.sh

packets=200 rules=20

# counted RULES: what a packet costs with so many rules. The session names them, and stands still meanwhile.
counted()
{
	ruleset iptables-legacy '-m mark --mark 1' "$1"
	kill -CONT "${trace_pid[session]}"
	[ -z "${observes:-}" ] || name_again session
	kill -STOP "${trace_pid[session]}"
	per_packet
}

# measure OPTION...: $few and $many, what a packet costs with the DROP alone and with $rules rules before it.
measure()
{
	trace_start session -l -s $((1 << 25)) "$@"
	few=$(counted 0)
	many=$(counted $rules)
	kill -CONT "${trace_pid[session]}"
	trace_stop session
	tail -n 1 "$trace_work/session"
	same "$(stat_of session unwritten) $(stat_of session not_run)" "0 0"
}

bench_setup
trace_object=iptables_trace
ruleset iptables-legacy '' 0
measure
few_traced=$few many_traced=$many
observes=yes
measure -b 0 -o 4:raw
printf 'a walk that is observed\t%s\n' "$((few - few_traced))"
printf 'a match that is observed\t%s\n' "$(tenths $((many - few - many_traced + few_traced)) $rules)"
