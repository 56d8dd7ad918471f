#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The rules that a session hears of are those that the kernel's own TRACE names, in the same order, whatever a ruleset does.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
load_logger
sysctl -qw net.netfilter.nf_log_all_netns=1
cleanup_push sysctl -qw net.netfilter.nf_log_all_netns=0

# ruleset TOOL PROTOCOL FIRST...: what a packet meets depends on its length; rule 1 of raw PREROUTING is FIRST.
ruleset()
{
	local tool=$1 protocol=$2
	shift 2
	in_right "$tool-restore" <<-END
		*raw
		-A PREROUTING -p $protocol $*
		-A PREROUTING -m length --length 1:1000
		COMMIT
		*mangle
		-A PREROUTING -m length --length 1:1000 -j MARK --set-mark 7
		COMMIT
		*nat
		-A PREROUTING -m mark --mark 7
		COMMIT
		*filter
		:user - [0:0]
		:deep - [0:0]
		:elsewhere - [0:0]
		:a-chain-with-quite-a-long-na - [0:0]
		-A user -m mark --mark 8
		-A user -j deep
		-A user -m length --length 133 -j RETURN
		-A deep -m mark --mark 7
		-A elsewhere -m length --length 1 -j ACCEPT
		-A a-chain-with-quite-a-long-na -j DROP
		-A INPUT -j user
		-A INPUT -m length --length 128 -j ACCEPT
		-A INPUT -m length --length 129 -j DROP
		-A INPUT -m length --length 130 -j REJECT
		-A INPUT -m length --length 131 -g elsewhere
		-A INPUT -m length --length 132 -j a-chain-with-quite-a-long-na
		COMMIT
	END
}

# send TOOL: a packet of each length from 127 to 133.
send()
{
	local length headers=28 address=192.0.2.2
	[ "$1" != ip6tables-legacy ] || headers=48 address=2001:db8::2
	for length in 127 128 129 130 131 132 133; do
		in_left ping -nq -c 1 -W 0.2 -s $((length - headers)) "$address"
	done
}

lines_to_rules() { sed -E 's/^TRACE: ([^ ]*) .*/\1/'; }

ktap_plan 20
for tool in iptables-legacy ip6tables-legacy; do
	protocol=icmp filter=$filter_ping
	[ "$tool" != ip6tables-legacy ] || protocol=ipv6-icmp filter=$filter_ping6

	# Solicitations of neighbours would be traced too.
	send "$tool" >/dev/null
	match=(-m comment --comment first)
	[ "$tool" != ip6tables-legacy ] || match=(--icmpv6-type echo-request)
	ruleset "$tool" "$protocol" "${match[@]}" -j TRACE
	log_lines send "$tool" >"$trace_work/lines"
	# A rule that matches the same and has no target: the numbers stay as they are.
	ruleset "$tool" "$protocol" "${match[@]}"
	trace_start session -f "$filter"
	log_lines send "$tool" >"$trace_work/lines-with-session"
	trace_stop session

	check "$tool: the reference has all kinds of rules" \
		same "$(lines_to_rules <"$trace_work/lines" | sed 's/.*:\(.*\):.*/\1/' | sort -u | xargs)" "policy return rule"
	# TRACE does not name the rule that begins the trace.
	check "$tool: a session hears of the rules that TRACE names" \
		same "$(rules_of session | grep -v '^raw:PREROUTING:rule:1$')" "$(lines_to_rules <"$trace_work/lines")"
	check "$tool: and of the first one, for each packet" \
		same "$(rules_of session | grep -c '^raw:PREROUTING:rule:1$')" 7
	check "$tool: nothing of it reaches the kernel log" same "$(cat "$trace_work/lines-with-session")" ""
	check "$tool: every event is numbered and none is missing" whole session
	check "$tool: seven packets" same "$(stat_of session packets)" 7
	check "$tool: four of them are accepted, three dropped, by the filter table" same \
		"$(events session ' table=filter ' | sed -n 's/^leave.* verdict=\([0-9]\).*/\1/p' | xargs)" "1 1 0 0 1 0 1"
	check "$tool: only a drop is terminal" same \
		"$(events session '^leave.*terminal' | wc -l) $(events session '^leave.*terminal.* verdict=0/' | wc -l)" "3 3"
	check "$tool: tables come in order" same \
		"$(events session '^enter packet=1 ' | sed -n 's/^enter.* table=\([a-z]*\) hook=\([A-Z]*\) priority=\([^ ]*\).*/\1 \2 \3/p')" \
		"raw PREROUTING -300
mangle PREROUTING -150
mangle INPUT -150
filter INPUT 0"
	check "$tool: a target's work is seen at the next event" same \
		"$(events session ' packet=1 .* table=mangle hook=PREROUTING' | sed -n 's/.* mark=\([0-9]*\).*/\1/p' | uniq | xargs)" "0 7"
	in_right "$tool-restore" <<<$'*filter\nCOMMIT\n*raw\nCOMMIT\n*mangle\nCOMMIT\n*nat\nCOMMIT'
done
ktap_end
