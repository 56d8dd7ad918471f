#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rates.sh: how many events a second three tracers keep up with before they lose the first one. In a guest that counts
# instructions (lib.sh) its one CPU has a thousand million of them a second, for the packets, the tracer and whatever
# it takes to bring events to it; with more CPUs, packets come on the first. Packets of pktgen come over veth into raw
# PREROUTING, past 10 rules that match and do nothing, into a DROP, for a second; the rate is doubled until events are
# missing, and then narrowed down. A row is "tracer<TAB>events a second<TAB>of a packet", with + behind the rate if
# the sender could not send more. The sender does not sleep where packets are less than 100 us apart, which costs the
# fastest tracer some of the CPU.
#
# Each tracer writes lines to a file in memory, as it comes from its package: our tool with --format line and no ceiling,
# `xtables-monitor --trace` for the same rules of iptables-nft, and `dmesg --follow` for the kernel log.

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. bench/lib.sh

seconds=1 rules=10
out=$(mktemp)
cleanup_push rm -f "$out"

# rules_of TOOL [TARGET]: the rules, behind one that marks packets to be traced, if the tracer wants that.
rules_of()
{
	in_right iptables-legacy -t raw -F
	in_right iptables-nft -t raw -F
	ruleset "$1" '-p udp' $rules "${2:-}"
}

# begin NAME: starts the tracer; its process is $tracer.
begin()
{
	: >"$out"
	rm -f "$out.err"
	case $1 in
	ours) iptables-trace --netns "$right" --format line --rate 0 -o "$out" udp 2>"$out.err" & ;;
	monitor) nsenter --net=/run/netns/"$right" -- stdbuf -oL xtables-monitor --trace -4 >"$out" 2>&1 & ;;
	log) stdbuf -oL dmesg --follow-new >"$out" & ;;
	esac
	tracer=$!
	case $1 in
	ours) wait_until 30 grep -q tracing "$out.err" ;;
	*) wait_until 30 answers ;;
	esac
}

# A packet at a time until one is traced: then the tracer listens. What it wrote so far is not counted.
answers()
{
	send 1 >/dev/null
	wait_until 1 test -s "$out"
}

# events: lines of the tracer that are events, beyond the first $before.
events()
{
	local all
	all=$(grep -cE ' #[0-9]+\.[0-9]+ |TRACE: ' "$out") || true
	echo $((all - before))
}

# Until the tracer writes no more.
steady_events()
{
	local last=-1 now
	now=$(events)
	until [ "$now" = "$last" ]; do
		sleep 0.5
		last=$now now=$(events)
	done
	echo "$now"
}

finish()
{
	kill -TERM $tracer 2>/dev/null || true
	wait $tracer 2>/dev/null || true
}

# keeps_up NAME RATE: sends packets of $each events at that rate. Succeeds if all were written; the events a second are left in
# $reached, and in $short whether fewer were sent than should have been.
keeps_up()
{
	local packets=$(($2 * seconds)) took seen
	begin "$1"
	before=0
	before=$(steady_events)
	took=$(send $packets "$2")
	steady_events >/dev/null
	# The tool writes its last lines when it ends.
	finish
	seen=$(events)
	reached=$((packets * each * 1000 / (took / 1000000)))
	short=''
	[ $((packets * 1000 / (took / 1000000))) -ge $(($2 * 8 / 10)) ] || short=+
	[ "$seen" = $((packets * each)) ]
}

# try NAME RATE: keeps_up, and what is known then: $low is kept up with, $high is not.
try()
{
	if keeps_up "$1" "$2"; then
		low=$2 best=$reached plus=$short
	else
		high=$2
		return 1
	fi
}

# measure NAME: a row.
measure()
{
	local name=$1 low=0 high=0 best=0 plus='' rate=800 i
	each=1 before=0
	begin "$name"
	before=$(steady_events)
	send 10 10 >/dev/null
	steady_events >/dev/null
	finish
	each=$(($(events) / 10))
	while try "$name" $rate && [ -z "$plus" ]; do rate=$((rate * 2)); done
	while [ $low = 0 ] && [ $rate -gt 10 ]; do try "$name" $((rate /= 2)) || true; done
	for ((i = 0; i < 3 && high > 0; i++)); do try "$name" $(((low + high) / 2)) || true; done
	printf '%s\t%s%s\t%s\n' "$name" $best "$plus" $each
}

bench_setup
# The kernel's trace goes to its log; what a console would cost is left out.
modprobe -a xt_TRACE nf_log_syslog iptables_trace
sysctl -qw net.netfilter.nf_log_all_netns=1
dmesg -n 1

rules_of iptables-legacy
measure ours
rules_of iptables-legacy '-j TRACE'
measure log
rules_of iptables-nft '-j TRACE'
measure monitor
