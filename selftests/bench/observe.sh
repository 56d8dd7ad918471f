#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# observe.sh: what it costs in instructions to observe the matches of a packet that is traced, see lib.sh. A row is
# "what<TAB>instructions". Packets go through one table, raw PREROUTING, past rules whose match says no, into a DROP; what
# they cost when they are traced and not observed is taken off. Likewise in nf_tables. The programs are the tool's.
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
	ruleset "$tool" "$rule" "$1"
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

# taken_off: from now on, what it came to in the last measurement. all_rules: what is left of that for the rules.
taken_off() { few_before=$few many_before=$many; }
all_rules() { echo $((many - few - many_before + few_before)); }
row() { printf '%s\t%s\n' "$1" "$(tenths "$2" "${3:-1}")"; }

bench_setup
trace_object=iptables_trace
tool=iptables-legacy rule='-m mark --mark 1'
ruleset $tool '' 0
measure
taken_off
observes=yes
measure -b 0 -o 4:raw
row "a walk that is observed" $((few - few_before))
row "a match that is observed" "$(all_rules)" $rules
observes=''
measure -f "$(filter_ipv4 6)"
taken_off
observes=yes
measure -b 0 -o 4:raw -f "$(filter_ipv4 6)"
row "a table that is observed, of a packet that is not selected" $((few - few_before))
row "a match in it" "$(all_rules)" $rules

in_right iptables-legacy -t raw -F
# nf_tables has no form of its own for this one.
tool=iptables-nft rule='-m length --length 1' observes=''
measure -B n
taken_off
measure -B n -b 0
row "a chain that is observed" $((few - few_before))
row "a match of iptables-nft that is observed" "$(all_rules)" $rules
measure -B n -f "$(filter_ipv4 6)"
taken_off
measure -B n -b 0 -f "$(filter_ipv4 6)"
row "such a match, of a packet that is not selected" "$(all_rules)" $rules
