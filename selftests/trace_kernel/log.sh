#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A user's own TRACE logs what it logs without a session, to the line, also for packets that a session has selected.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
load_logger
sysctl -qw net.netfilter.nf_log_all_netns=1
cleanup_push sysctl -qw net.netfilter.nf_log_all_netns=0

ruleset()
{
	in_right "$1-restore" <<-END
		*raw
		:watch - [0:0]
		-A watch -m mark --mark 1 -j TRACE
		-A watch -j RETURN
		-A PREROUTING -m length --length 1:65535
		-A PREROUTING -m length --length 128 -j MARK --set-mark 1
		-A PREROUTING -j watch
		-A PREROUTING -m length --length 129 -j TRACE
		-A OUTPUT -m length --length 130 -j TRACE
		COMMIT
		*filter
		-A INPUT -m length --length 128:129
		-A INPUT -m length --length 131 -j REJECT
		-A OUTPUT -m length --length 128
		COMMIT
	END
}

# send TOOL: traced from a user chain; from a rule further down; on the way out; not traced.
send()
{
	local length headers=28 address=192.0.2.2
	[ "$1" != ip6tables-legacy ] || headers=48 address=2001:db8::2
	for length in 128 129 130 131; do
		in_left ping -nq -c 2 -i 0.01 -W 0.2 -s $((length - headers)) "$address"
	done
}

ktap_plan 22
for tool in iptables-legacy ip6tables-legacy; do
	ruleset "$tool"
	send "$tool" >/dev/null
	log_lines send "$tool" >"$trace_work/without"
	check "$tool: the rules trace" same "$(wc -l <"$trace_work/without")" 18

	trace_start session
	log_lines send "$tool" >"$trace_work/with"
	trace_stop session
	check "$tool: the log is the same with a session" diff "$trace_work/without" "$trace_work/with"
	check "$tool: the session hears of these rules too" test "$(rules_of session | wc -l)" -gt \
		"$(wc -l <"$trace_work/without")"
	check "$tool: and says which of its events the user's trace covers" same \
		"$(events session ' flags=[a-z,]*user,' | grep -c '^rule')" "$(wc -l <"$trace_work/without")"
	check "$tool: the mark of a user's trace is left on the packet" same \
		"$(events session '^leave.* flags=[a-z,]*user,' | grep -vc nf_trace=1)" 0

	# The TRACE target's module is loaded while a session runs.
	for each in iptables-legacy ip6tables-legacy; do
		in_right $each -t raw -F
		in_right $each -t raw -X
	done
	modprobe -r xt_TRACE
	check "$tool: xt_TRACE can go while there is no session" test ! -e /sys/module/xt_TRACE
	trace_start session
	ruleset "$tool"
	log_lines send "$tool" >"$trace_work/with"
	trace_stop session
	check "$tool: the same if xt_TRACE is loaded only later" diff "$trace_work/without" "$trace_work/with"
done

# What nfnetlink_log hands to a listener; the kernel keeps packets back for a second.
capture_start()
{
	nsenter --net="/run/netns/$right" -- tcpdump -Uni nflog -w "$trace_work/nflog" >"$trace_work/tcpdump" 2>&1 &
	trace_pid[tcpdump]=$!
	wait_until 20 grep -q 'listening on' "$trace_work/tcpdump"
}
captured() { tcpdump -nr "$trace_work/nflog" 2>/dev/null | wc -l; }
has_captured() { [ "$(captured)" -ge "$1" ]; }

# A packet that the user traces, last: when it has come, so has all that was sent before it.
send_last() { in_left ping -nq -c 1 -W 0.2 -s 600 192.0.2.2; }

# The loggers of a namespace, by family.
modprobe nfnetlink_log
loggers=/proc/sys/net/netfilter/nf_log
set_loggers() { in_right bash -c "cd $loggers && for f in $2; do echo $1 >\$f; done"; }
set_loggers nfnetlink_log '*'
check "all families have a logger" same "$(in_right bash -c "cd $loggers && grep -l NONE *")" ""
ruleset iptables-legacy
capture_start
send iptables-legacy >/dev/null
check "a user's trace goes to the logger that he has chosen" wait_until 20 has_captured 18
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -m length --length 628 -j TRACE
	COMMIT
END
trace_start session
send iptables-legacy >/dev/null
trace_stop session
send_last >/dev/null
check "what is traced later comes later" wait_until 20 has_captured 20
check "a session's packets go to no logger" same "$(captured)" 20
trace_stop tcpdump
check "and there were rules to log" test "$(rules_of session | wc -l)" -gt 18
set_loggers NONE '*'
set_loggers nf_log_ipv4 2
in_right iptables-legacy -t raw -F

# nft's own mark.
in_right iptables-legacy-restore <<<$'*raw\nCOMMIT\n*filter\n-A INPUT -m length --length 1:65535\nCOMMIT'
in_right nft -f - <<-END
	table ip trace {
		chain prerouting {
			type filter hook prerouting priority -500;
			icmp type echo-request meta nftrace set 1
		}
	}
END
log_lines send iptables-legacy >"$trace_work/without"
trace_start session
log_lines send iptables-legacy >"$trace_work/with"
trace_stop session
check "packets that nft has marked are the user's" test -s "$trace_work/without"
check "and log the same with a session" diff "$trace_work/without" "$trace_work/with"
check "no rule was missed" same "$(stat_of session missed | cut -d/ -f3)" 0
ktap_end
