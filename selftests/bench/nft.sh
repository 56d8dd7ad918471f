#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nft.sh: what tracing costs in instructions where the rules are of nf_tables, see lib.sh. A row is "what<TAB>instructions".
# Packets go through one chain of prerouting, past rules that count, into a drop; what they cost without a trace is taken
# off. The programs are the tool's. Nobody reads meanwhile, neither we nor nft monitor: what there is to read has room.

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. lib/trace_kernel.sh
. lib/nft.sh
. bench/lib.sh

packets=200 rules=20

# chain N RULE [FIRST]: N times the rule, perhaps after another one, then a drop.
chain()
{
	in_right nft -f - <<-END
		table ip bench
		delete table ip bench
		table ip bench {
			chain pre {
				type filter hook prerouting priority -300
				${3:-}
				$(for ((i = 0; i < $1; i++)); do echo "$2"; done)
				drop
			}
		}
	END
}

# measure RULE [FIRST]: what a packet costs with the drop alone and with $rules rules before it: $few and $many.
measure()
{
	chain 0 "$1" "${2:-}"
	few=$(per_packet)
	chain $rules "$1" "${2:-}"
	many=$(per_packet)
}

row() { printf '%s\t%s\n' "$1" "$(tenths "$2" "${3:-1}")"; }
more() { echo $((few - few_untraced)); }
all_rules() { echo $((many - many_untraced - few + few_untraced)); }

session_start()
{
	trace_start session -B n -l -s $((1 << 25)) "$@"
	kill -STOP "${trace_pid[session]}"
}

session_stop()
{
	kill -CONT "${trace_pid[session]}"
	trace_stop session
	tail -n 1 "$trace_work/session"
	same "$(stat_of session unwritten) $(stat_of session not_run) $(stat_of session untold)" "0 0 0"
}

bench_setup
trace_object=iptables_trace
measure counter
few_untraced=$few many_untraced=$many

nsenter --net="/run/netns/$right" -- nft monitor trace >"$trace_work/monitor" &
monitor=$!
wait_until 20 listens
kill -STOP $monitor
measure counter 'meta nftrace set 1'
row "nft monitor trace, a rule" "$(all_rules)" $rules
kill -CONT $monitor
wait_until 60 grep -q 'verdict drop' "$trace_work/monitor"
kill $monitor

session_start -f "$(filter_ipv4 17)"
measure counter
row "ours, a rule of nf_tables" "$(all_rules)" $rules
row "ours, mean of enter, rule and leave of a chain" "$(more)" 3
session_stop

session_start -f "$(filter_ipv4 6)"
measure counter
row "a packet in a chain that is not selected" "$(more)"
row "such a packet, a rule" "$(all_rules)" $rules
session_stop
measure counter
row "in a chain after a session" "$(more)"
