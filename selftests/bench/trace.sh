#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# trace.sh: what tracing costs in instructions, see lib.sh. A row is "what<TAB>instructions". Packets go through one table,
# raw PREROUTING, past rules that match all and do nothing, into a DROP; what they cost without a trace is taken off.
#
# The tool stands still while packets are counted, so that only the kernel's work is: the ring buffer holds all events.

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. bench/lib.sh

packets=200 rules=20 far=10000

# measure [FIRST]: what a packet costs with the DROP alone and with $rules rules before it: $few and $many.
measure()
{
	ruleset iptables-legacy '' 0 "${1:-}"
	few=$(per_packet)
	ruleset iptables-legacy '' $rules "${1:-}"
	many=$(per_packet)
}

# measure_far: the same where the DROP is rule $far, behind rules that do not match and so are no events: $at_far.
measure_far()
{
	ruleset iptables-legacy '-s 198.51.100.1' $((far - 1))
	at_far=$(per_packet)
}

# row NAME COST [N]: a row of COST / N.
row() { printf '%s\t%s\n' "$1" "$(tenths "$2" "${3:-1}")"; }

# more, all_rules: what a packet costs more than without a trace with the DROP alone; what the other rules add to that.
more() { echo $((few - few_untraced)); }
all_rules() { echo $((many - many_untraced - few + few_untraced)); }
# search: what a packet that comes as far costs more than without a trace, beyond what it does where the DROP is the first rule.
# All that differs is how far the kernel has to search for the rule's number.
search() { echo $((at_far - at_far_untraced - few + few_untraced)); }

# stand_still NAME, go_on NAME: a trace whose events nobody reads meanwhile; in the end none of them may be lost.
stand_still() { kill -STOP "${trace_pids[$1]}"; }
go_on()
{
	kill -CONT "${trace_pids[$1]}"
	trace_stop "$1"
	cat "$trace_dir/$1.err"
	grep -q 'nothing lost' "$trace_dir/$1.err"
}

bench_setup
# The kernel's trace goes to its log; what a console would cost is left out.
modprobe -a xt_TRACE nf_log_syslog
sysctl -qw net.netfilter.nf_log_all_netns=1
dmesg -n 1

measure
few_untraced=$few many_untraced=$many
measure_far
at_far_untraced=$at_far
measure '-j TRACE'
row "in-tree TRACE, a rule" "$(all_rules)" $rules

modprobe iptables_trace
measure
row "module loaded, no session" "$(more)"

trace unselected tcp
stand_still unselected
measure
row "a packet that is not selected" "$(more)"
go_on unselected
trace unwanted --in eth0 --mark 0x10/0xf0 --hook PREROUTING udp
stand_still unwanted
measure
row "a packet that has not the mark" "$(more)"
go_on unwanted
measure
row "after a session" "$(more)"

trace selected -o /dev/null udp
stand_still selected
measure
row "ours, mean of enter, rule and leave" "$(more)" 3
row "ours, a rule" "$(all_rules)" $rules
measure_far
row "the search for the number of rule $far" "$(search)"
go_on selected

trace costly --cost -o /dev/null udp
stand_still costly
measure
row "ours with --cost, mean of enter, rule and leave" "$(more)" 3
row "ours with --cost, a rule" "$(all_rules)" $rules
go_on costly
