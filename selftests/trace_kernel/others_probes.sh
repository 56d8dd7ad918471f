#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Whoever else probes the functions that a session probes, as perf, bpftrace and systemtap do, sees what he would see without it
# and takes nothing from it, whoever comes or goes first.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh
. ../lib/nft.sh

make_pair
in_right iptables-legacy -A INPUT -p icmp
in_right nft -f - <<-END
	table ip t {
		chain in { type filter hook input priority 10; ip protocol icmp counter; }
	}
END
load_logger
sysctl -qw net.netfilter.nf_log_all_netns=1
cleanup_push sysctl -qw net.netfilter.nf_log_all_netns=0

debugfs
tracefs=/sys/kernel/debug/tracing
functions='ipt_do_table nf_log_trace nft_do_chain nft_trace_init nft_trace_notify'

others_set()
{
	local function
	for function in $functions; do
		echo "p:others/$function $function" >>$tracefs/kprobe_events || exit 1
	done
	echo 1 >$tracefs/events/others/enable || exit 1
}

others_gone()
{
	echo 0 >$tracefs/events/others/enable
	echo '-:others/' >>$tracefs/kprobe_events 2>/dev/null || echo >$tracefs/kprobe_events
}
cleanup_push others_gone 2>/dev/null

# hits: how often each of the others' probes was hit.
hits() { awk '{ print $1, $2 }' $tracefs/kprobe_profile; }
# others_see: of the next packet. The functions that the kernel calls for tracing are hit only while somebody traces.
others_see()
{
	local before
	before=$(hits)
	pings 1 192.0.2.2
	join <(sort <<<"$before") <(hits | sort) | awk '$3 > $2 { print $1 }' | sort | xargs
}

begin() { trace_start session -B ln; }
# sees: the session, of the next packet, in the legacy table and in nf_tables; nothing of it is in the kernel's log.
sees()
{
	local before
	before=$(wc -l <"$trace_work/session")
	log_lines pings 1 192.0.2.2 >"$trace_work/log"
	[ ! -s "$trace_work/log" ] || { echo "the kernel log has:"; cat "$trace_work/log"; return 1; }
	new_rules() { sed "1,${before}d" "$trace_work/session" | grep '^rule' | grep -oE ' (table|nft)=[^ ]*' | sort -u | xargs; }
	both() { [[ "$(new_rules)" == *nft=*table=filter* ]]; }
	wait_until 10 both
}
all=$(xargs -n 1 <<<"$functions" | sort | xargs)
untraced=$(grep -oE 'ipt_do_table|nft_do_chain' <<<"$functions" | sort | xargs)
mark="mark $RANDOM$RANDOM"
echo "$mark" >/dev/kmsg
complaints() { dmesg | sed "0,/$mark/d" | grep -E 'WARNING: |BUG: '; }
only_theirs() { [ -z "$(probes | uniq -d)" ]; }
nobody() { [ -z "$(probes)" ] || { probes; return 1; }; }
# check_gone NAME: nobody has a probe any more. Where the kernel has lost one, reading the list of probes, or whatever else is done
# with them, may never end.
check_gone()
{
	[ -n "$(complaints)" ] || { check "$1" nobody; return; }
	check "$1" eval '! complaints'
	kill -9 $$
}

ktap_plan 26
others_set
check "theirs come first" same "$(hits | wc -l)" 5
check "... and see the tables" same "$(others_see)" "$untraced"
begin
check "... then a session, which sees its packets" sees
# The kernel asks the last that came first, and calls of functions that a session keeps the kernel from end there.
check "... and they see as much as without it" same "$(others_see | grep -oE 'ipt_do_table|nft_do_chain' | xargs)" "$untraced"
trace_stop session
check "... the session goes first, and they stay" same "$(others_see)" "$untraced"
others_gone
check_gone "... and nothing is left when they go"

others_set
begin
check "theirs come first again, then a session" sees
others_gone
check "... which they leave behind, and it sees its packets" sees
trace_stop session
check_gone "... and nothing is left when it goes"

begin
others_set
check "a session comes first, then theirs" sees
check "... and see what there is" same "$(others_see)" "$all"
trace_stop session
check "... the session goes first, and they stay" same "$(others_see)" "$untraced"
others_gone
check_gone "... and nothing is left when they go"

begin
others_set
others_gone
check "theirs come and go while there is a session" sees
trace_stop session
check_gone "... and nothing is left when it goes"

others_set
begin
trace_start second -B ln
check "theirs come first, then two sessions" sees
trace_stop session
others_gone
trace_stop second
check_gone "... and nothing is left when all go"

for time in first second third; do
	others_set
	begin
	others_gone
	others_set
	trace_stop session
	others_gone
	check_gone "coming and going crosswise leaves nothing, for the $time time"
done

others_set
begin
trace_kill session
check "a session that is killed takes its probes along" wait_until 20 only_theirs
others_gone
wait_until 20 nobody
check_gone "... and nothing is left"
gone=$(unload iptables_trace && echo gone)
check "the module can go" same "$gone" gone
modprobe iptables_trace
begin
check "... and come again" sees
trace_stop session
check_gone "... without a trace"
check "the kernel has not complained" same "$(complaints)" ""
ktap_end
