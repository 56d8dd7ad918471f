#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A program of whole traversals is told what programs of single events are told: of the same packets at the same time, in both back
# ends, also where a packet is changed, taken away, or makes others, and where there are more rules than are told at once.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
in_right sysctl -qw net.ipv4.icmp_ratelimit=0

# told NAME: its events but for what two readings of the clock differ in, and what of the packet is told of its ends alone.
told()
{
	events "$1" . | sed -E 's/ (time|duration|net|cpu|replacements|skb|nf_trace|result|caller)=[^ ]*//g
		/^rule /s/ (length=|headers=|state_hook=|proto=|op=).*//; s/^(rule .*) ct=[0-9]+\/[0-9]+\//\1 ct_mark=/'
}
# of_rules NAME: marks of rules, of which the sed above has kept nothing.
of_rules() { events "$1" '^rule ' | sed -E 's/^(rule packet=[0-9]+ seq=[0-9]+) .* mark=([0-9]+) ct=[0-9]+\/[0-9]+\/([0-9]+) .*/\1 \2 \3/'; }
same_told() { same "$(told whole | sort)" "$(told single | sort)" && same "$(of_rules whole | sort)" "$(of_rules single | sort)"; }

# What traffic() sends and what answers it, but not what hosts of IPv6 say by themselves: one session would have that alone.
sent='10,48 0 0 0,84 0 0 240,21 5 0 64,21 0 5 96,48 0 0 6,21 0 3 58,48 0 0 40,37 1 0 129,6 0 0 65535,6 0 0 0'
# both_begin OPTION..., both_end: a session of each kind that hear of the same packets, so that these have the same numbers.
both_begin()
{
	trace_object=trace_whole trace_start whole "$@"
	trace_object=trace_direct trace_start single "$@"
}
both_end()
{
	trace_stop single
	trace_stop whole
}
udp() { in_left bash -c "for i in {1..5}; do echo x >/dev/udp/192.0.2.2/$1; done" 2>/dev/null || true; }
traffic()
{
	in_left ping -nq -c 5 -i 0.01 192.0.2.2
	in_right ping -nq -c 5 -i 0.01 192.0.2.1
	udp 7
	udp 9
	in_left ping6 -nq -c 3 -i 0.01 2001:db8::2
} >/dev/null 2>&1

rules()
{
	{
		printf '%s\n' '*mangle' '-A PREROUTING -p icmp -j TTL --ttl-set 9' '-A PREROUTING -p icmp -j MARK --set-mark 5' \
			'-A PREROUTING -p icmp -j CONNMARK --set-mark 6' '-A POSTROUTING -p icmp -m mark ! --mark 1' COMMIT
		printf '%s\n' '*nat' '-A PREROUTING -p udp --dport 9 -j REDIRECT --to-ports 10' COMMIT
		printf '%s\n' '*filter' ':user - [0:0]' '-A INPUT -p icmp -j user' '-A INPUT -p udp --dport 7 -j REJECT'
		for i in {1..40}; do echo "-A user -p icmp -m mark ! --mark $((i + 100))"; done
		printf '%s\n' '-A user -m mark --mark 5 -g user2' COMMIT
	} | sed 's/^:user - .*/&\n:user2 - [0:0]/' | in_right iptables-legacy-restore
	in_right ip6tables-legacy -A INPUT -p icmpv6 -m icmp6 --icmpv6-type echo-request -j DROP
}

ktap_plan 29
rules
both_begin -f "$sent"
traffic
both_end
check "legacy tables: the same is told" same_told
check "... of all events" test "$(count_events whole .)" -ge 300
check "... each of them numbered, in the order of their numbers" whole whole
check "... and in the other session too" whole single
check "... of a walk with more rules than are told at once" test "$(events whole '^rule packet=1 .* chain=user ' | wc -l)" -ge 40
check "... of a packet that is changed on its way" same \
	"$(told whole | grep -cE '^leave .*table=mangle hook=PREROUTING .* mark=5 ct=2/[0-9]+/6 .* ttl=9 proto=1 ')" 1
check "REJECT's answer is told of within the packet that it answers" same \
	"$(events whole 'dport=7$|icmp=3$' | grep -E '^(enter|leave) .*table=filter hook=(INPUT|OUTPUT)' | head -n 4 | sed -E 's/^([a-z]*) .* hook=([A-Z]*) .*/\1:\2/' | xargs)" \
	"enter:INPUT enter:OUTPUT leave:OUTPUT leave:INPUT"
check "the packet is lent at a traversal's end" same "$(events whole '^leave' | grep -vc ' skb=1 ')" 0

# By itself: there is nothing of single events then.
trace_object=trace_whole trace_start alone -f "$sent"
traffic
trace_stop alone
# What one session numbers is not what another does.
likewise() { told "$1" | sed -E 's/ (packet|walk|parent|ruleset|cookie|missed|sport)=[^ ]*//g' | sort | uniq -c; }
trace_object=trace_direct trace_start single -f "$sent"
traffic
trace_stop single
check "by itself it is told the same" same "$(likewise alone)" "$(likewise single)"
check "... which is something" test "$(likewise alone | wc -l)" -ge 100
check "... each event numbered" whole alone

# Nothing but what it asks for, and by the old ways where there is no other.
trace_object=trace_whole trace_start filtered -f "$filter_ping"
traffic
trace_stop filtered
check "its filter is heeded" same "$(stat_of filtered packets) $(events filtered '^enter' | grep -vc ' proto=1 ')" "10 0"

# Every second record is refused, with all that is in it.
trace_object=trace_whole trace_start refusing -r 2 -f "$(filter_ipv4 17)"
udp 9
trace_stop refusing
check "what is not recorded is counted, event by event" same \
	"$(($(count_events refusing .) + $(stat_of refusing unwritten)))" "$(stat_of refusing events)"
check "... and is not nothing" test "$(stat_of refusing unwritten)" -gt 0

# A packet that is taken away, and one that another session has marked for children.
in_right iptables-legacy -t mangle -F
in_right iptables-legacy -t nat -F
in_right iptables-legacy -F
in_right iptables-legacy -X
in_right ip6tables-legacy -F
in_right iptables-legacy -A INPUT -p udp --dport 7 -j REJECT
both_begin -c -f "$(filter_ipv4 17)"
udp 7
both_end
check "children: the same is told" same_told
check "... of answers too" test "$(events whole 'flags=[a-z,]*child' | grep -c '^rule\|^leave')" -ge 1
in_right iptables-legacy -F

in_right nft -f - <<-END
	table inet t {
		chain user { meta mark set 7; udp dport 9 counter; ip ttl set 3; }
		chain a_name_that_is_longer_than_there_is_room_for_it { counter; ip ttl set 3; icmp type echo-reply accept; }
		chain early { type filter hook prerouting priority -300; udp dport 9 ip ttl set 5 notrack; udp dport 9 drop; }
		chain in {
			type filter hook input priority 0; policy accept;
			meta l4proto icmp jump user
			meta l4proto icmp jump a_name_that_is_longer_than_there_is_room_for_it
			udp dport 7 reject
			udp dport 9 drop
			$(for i in {1..20}; do echo "meta l4proto icmp meta mark != $((i + 100))"; done)
		}
		chain out { type filter hook output priority 0; meta l4proto icmp ct mark set 4; }
	}
END
both_begin -B lna -f "$sent"
traffic
both_end
check "nf_tables: the same is told" same_told
check "... of all events" test "$(count_events whole '^rule .*nft=inet')" -ge 100
check "... each of them numbered, in the order of their numbers" whole whole
check "... of a packet that is gone at the end, which is not lent" same \
	"$(events whole '^leave .*flags=[a-z,]*stolen' | grep -c ' skb=1 ') $(told whole | grep -c '^leave .*flags=[a-z,]*stolen')" \
	"0 $(told single | grep -c '^leave .*flags=[a-z,]*stolen')"
check "... of a chain with a long name" test "$(events whole '^rule .*flags=[a-z,]*chain_cut' | wc -l)" -ge 5
check "a session that has not asked for nf_tables hears nothing of it" same "$(trace_object=trace_whole trace_start legacy
	udp 9
	trace_stop legacy
	events legacy . | grep -c 'nft=')" 0
in_right nft flush ruleset

# SYNPROXY takes packets away, and sends others, in the middle of a walk.
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -p tcp --dport 80 --syn -j CT --notrack
	COMMIT
	*filter
	-A INPUT -p tcp --dport 80 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY
	COMMIT
END
in_right sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
nsenter --net="/run/netns/$right" -- nc -lkp 80 >/dev/null 2>&1 &
cleanup_push kill $!
wait_until 5 in_right grep -q ':0050 ' /proc/net/tcp
both_begin -c -f "$(filter_ipv4 6)"
in_left bash -c "for i in {1..20}; do echo x | nc -N -w $((2 * ${TEST_SLOWNESS:-1})) 192.0.2.2 80; done" >/dev/null 2>&1
both_end
check "SYNPROXY: the same is told of what it steals" same_told
check "... which is something" test "$(events whole '^leave .*flags=[a-z,]*stolen' | wc -l)" -ge 20
check "... and of what it sends, within that" test "$(events whole '^enter .* parent=[1-9]' | wc -l)" -ge 20
check "... and nothing is lost sight of" same "$(stat_of whole refused) $(stat_of whole forgotten)" "0 0"

# In nf_tables a rule is told of when it is over: then nothing of such a packet was seen but its entry.
for table in raw filter; do in_right iptables-legacy -t $table -F; done
in_right nft -f - <<-END
	table inet t {
		chain early {
			type filter hook prerouting priority -300
			tcp dport 80 meta mark set 11
			tcp dport 80 tcp flags syn notrack
		}
		chain in { type filter hook input priority 0; ct state invalid,untracked synproxy mss 1460 wscale 7; }
	}
END
both_begin -B na -c -f "$(filter_ipv4 6)"
in_left bash -c "for i in {1..5}; do echo x | nc -N -w $((2 * ${TEST_SLOWNESS:-1})) 192.0.2.2 80; done" >/dev/null 2>&1
both_end
check "synproxy of nf_tables: the same is told of what it steals" same_told
check "... which is as it came" test "$(told whole | grep -cE '^leave .*flags=[a-z,]*stolen.* chain=in .* mark=11 ')" -ge 5
in_right nft flush ruleset

# No packet keeps the mark.
observe_start
trace_object=trace_whole trace_start session
traffic
trace_stop session
observe_stop
check "no packet keeps the mark" same "$(observed delivered 1 | cut -d' ' -f1) $(observed sent 1 | cut -d' ' -f1)" "0 0"
ktap_end
