#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# profile_guest.sh: the guest's part of profile.sh. Packets go as in trace.sh, first without a trace, then with one; each time
# past the DROP alone and past $rules rules before it. Then the kernel's symbols are printed.

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. bench/lib.sh

# shellcheck disable=SC2034 # for lib.sh
packets=200 rules=20

# send_marked: packets, after a run that warms up. What pktgen sends lies between two marks.
send_marked()
{
	send 50 >/dev/null
	pktgen_setup $packets 'delay 0'
	in_left bin/marked_write /proc/net/pktgen/pgctrl start
}

both()
{
	ruleset iptables-legacy '' 0
	send_marked
	ruleset iptables-legacy '' $rules
	send_marked
}

bench_setup
echo 0 >/proc/sys/kernel/kptr_restrict
both
trace selected -o /dev/null udp
kill -STOP "${trace_pids[selected]}"
both
echo "of $packets packets $rules rules"
awk '$2 ~ /[tTwW]/ { print "symbol", $1, $3 }' /proc/kallsyms
kill -CONT "${trace_pids[selected]}"
trace_stop selected
grep -q 'nothing lost' "$trace_dir/selected.err"
