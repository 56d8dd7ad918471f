#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets that a rule's target makes, takes away, copies or sends through user space.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
in_right sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.conf.all.forwarding=1

send_udp() { in_left bash -c "echo x >/dev/udp/192.0.2.2/$1" || true; }

# parents NAME PATTERN: PARENT'S PACKET of each packet whose events match, once.
parents() { events "$1" "$2" | sed -n 's/.* packet=\([0-9]*\) .* parent=\([0-9]*\)\/\([0-9]*\) .*/\1 of \2/p' | sort -u; }

ktap_plan 32

in_right iptables-legacy -A INPUT -p udp --dport 7 -j REJECT
trace_start session -n all
send_udp 7
trace_stop session
rejected=$(events session '^rule.* chain=INPUT type=rule rule=1 ' | sed 's/.* packet=\([0-9]*\) .* walk=\([0-9]*\) .*/\1\/\2/')
check "the answer of REJECT names the packet and the walk that made it" same \
	"$(events session '^enter.*hook=OUTPUT.* src=192.0.2.2 .*icmp=3' | sed 's/.* parent=\([^ ]*\) .*/\1/' | sort -u)" "$rejected"
check "the answer's walk ends before the one that made it" same \
	"$(events session '^leave.*(hook=OUTPUT.* src=192.0.2.2 .*icmp=3|hook=INPUT.* dport=7)' | tail -n 2 | cut -d= -f2 |
		sed 's/ .*//' | xargs)" \
	"$(events session '^enter.*icmp=3' | head -n 1 | sed 's/.* packet=\([0-9]*\) .*/\1/') ${rejected%/*}"
check "REJECT drops" same "$(events session '^leave.*hook=INPUT.* dport=7$' | sed 's/.* flags=\([^ ]*\) .* verdict=\([0-9]*\).*/\1 \2/')" \
	"terminal, 0"
check "nothing else has a parent" same "$(events session ' parent=[1-9]' | grep -vc 'src=192.0.2.2 .*icmp=3')" 0
check "every event is there" whole session

# A session that selects the rejected packet alone.
trace_start session -f "$(filter_ipv4 17)"
send_udp 7
trace_stop session
check "the answer is not selected for the sake of what it answers" same "$(count_events session ' proto=1 ')" 0
trace_start session -c -f "$(filter_ipv4 17)"
send_udp 7
trace_stop session
check "unless the session asks for that" same \
	"$(events session '^enter.* proto=1 ' | sed 's/.* flags=\([^ ]*\) .*hook=\([A-Z]*\) .*/\1 \2/')" "first,child, OUTPUT"
check "then it is numbered like any other" whole session

# Two sessions: one knows the parent, the other does not.
trace_start udp -f "$(filter_ipv4 17)"
trace_start icmp -f "$(filter_ipv4 1)"
send_udp 7
trace_stop udp
trace_stop icmp
check "a parent that the session has not selected is not named" same "$(parents icmp ' proto=1 ')" "1 of 0"
in_right iptables-legacy -F

# TEE: the copy is sent during the walk.
modprobe -r xt_TEE nf_dup_ipv4 2>/dev/null
in_right iptables-legacy -t mangle -A PREROUTING -p udp --dport 9 -j TEE --gateway 192.0.2.1
in_right iptables-legacy -t mangle -A PREROUTING -p udp --dport 9 -m mark --mark 0
in_right iptables-legacy -t mangle -A POSTROUTING -m mark --mark 0
# What a trace of nft's own sees: the mark, if the copy has it, before any table of ours.
in_right nft -f - <<-END
	table ip copies {
		chain output {
			type filter hook output priority -500;
			udp dport 9 counter
		}
	}
END
trace_start session -f "$(filter_ipv4 17)"
observe_start
send_udp 9
observe_stop
trace_stop session
check "the copy that TEE makes is sent" grep -q 'counter packets 1 ' <(in_right nft list ruleset)
check "... and is not marked" same "$(observed sent 17)" "0 2"
check "the packet stays marked in its table" same "$(observed in_table 17)" "2 0"
check "the copy's walk is part of the packet's" same "$(parents session 'hook=POSTROUTING .*dport=9')" "2 of 1"
check "the packet is heard of after TEE" same "$(events session '^rule packet=1 .*table=mangle hook=PREROUTING' | sed 's/.* type=\([^ ]*\) rule=\([0-9]\).*/\1 \2/' | xargs)" \
	"rule 1 rule 2 policy 3"
check "every event is there" whole session
in_right nft flush ruleset

# The same with the copies' module loaded during the session.
in_right iptables-legacy-save -t mangle >"$trace_work/mangle"
in_right iptables-legacy -t mangle -F
modprobe -r xt_TEE nf_dup_ipv6 nf_dup_ipv4
check "nf_dup_ipv4 is not loaded" test ! -e /sys/module/nf_dup_ipv4
trace_start session -f "$(filter_ipv4 17)"
in_right iptables-legacy-restore <"$trace_work/mangle"
observe_start
send_udp 9
observe_stop
trace_stop session
check "the copy is not marked if TEE comes later" same "$(observed sent 17)" "0 2"
in_right iptables-legacy -t mangle -F

# The same over IPv6.
in_right ip6tables-legacy -t mangle -A PREROUTING -p udp --dport 9 -j TEE --gateway 2001:db8::1
in_right ip6tables-legacy -t mangle -A PREROUTING -p udp --dport 9 -m mark --mark 0
trace_start session -f "$(filter_ipv6 17)"
observe_start
in_left bash -c 'echo x >/dev/udp/2001:db8::2/9'
observe_stop
trace_stop session
check "over IPv6 the copy that TEE makes is not marked" same "$(observed sent 17)" "0 2"
check "... the packet stays marked in its table" same "$(observed in_table 17)" "1 0"
check "... and is heard of after TEE" same "$(events session '^rule packet=1 .*table=mangle hook=PREROUTING' | sed 's/.* type=\([^ ]*\) rule=\([0-9]\).*/\1 \2/' | xargs)" \
	"rule 1 rule 2 policy 3"
in_right ip6tables-legacy -t mangle -F

# NF_STOLEN: SYNPROXY consumes the packet.
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -p tcp --dport 80 --syn -j CT --notrack
	COMMIT
	*filter
	-A INPUT -p tcp --dport 80 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY
	-A INPUT -m conntrack --ctstate INVALID -j DROP
	COMMIT
END
in_right sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
nsenter --net="/run/netns/$right" -- nc -lkp 80 >/dev/null 2>&1 &
cleanup_push kill $!
wait_until 5 in_right grep -q ':0050 ' /proc/net/tcp
trace_start session -c -f "$(filter_ipv4 6)"
# Of each connection the first two segments are stolen; on a slow kernel not all come about, so there are more.
[ "${TEST_SLOWNESS:-1}" -eq 1 ] && connections=200 || connections=300
in_left bash -c "for i in {1..$connections}; do echo x | nc -N -w $((2 * ${TEST_SLOWNESS:-1})) 192.0.2.2 80; done" >/dev/null 2>&1
trace_stop session
stolen=$(events session '^leave.*flags=[a-z,]*stolen' | wc -l)
check "SYNPROXY steals packets" test "$stolen" -ge 400
check "... the program is handed none of them" same "$(events session '^leave.*stolen.* skb=1' | wc -l)" 0
check "... and its way ends there" same "$(events session '^leave.*stolen' | grep -vc terminal)" 0
check "what SYNPROXY sends names the stolen packet" test \
	"$(events session '^enter.*hook=OUTPUT.* parent=[1-9]|^enter.* parent=[1-9].*hook=OUTPUT' | wc -l)" -ge 200
check "untracked packets are said to be" test "$(events session '^enter.*table=filter hook=INPUT.* ct=7/0/0 ' | wc -l)" -ge 200
check "every event is there" whole session
check "no packet was lost sight of" same "$(stat_of session refused) $(stat_of session forgotten)" "0 0"
in_right iptables-legacy-restore <<<$'*raw\nCOMMIT\n*filter\nCOMMIT'

# NF_QUEUE: user space has the packet in between.
in_right iptables-legacy -t mangle -A PREROUTING -p udp --dport 10 -j NFQUEUE --queue-num 3
in_right iptables-legacy -A INPUT -p udp --dport 10
nsenter --net="/run/netns/$right" -- "$trace_bin/nfqueue_pass" 3 5 >"$trace_work/queue" &
queue=$!
wait_until 5 grep -q ready "$trace_work/queue"
trace_start session -f "$(filter_ipv4 17)"
observe_start
for _ in 1 2 3 4 5; do send_udp 10; done
wait $queue
observe_stop
trace_stop session
check "packets go through the queue" same "$(grep -c passed "$trace_work/queue")" 5
check "a queued packet has left the table" same "$(events session '^leave.*table=mangle hook=PREROUTING' | sed 's/.* flags=\([^ ]*\) .* verdict=\([0-9]*\/[0-9]*\).*/\1 \2/' | sort | uniq -c | xargs)" \
	"5 3/3"
check "and is the same packet in the next table" same \
	"$(events session '^enter.*table=filter' | grep -vc 'flags=first'),$(stat_of session packets),$(stat_of session guessed)" "5,5,0"
check "it is not marked while it waits" same "$(observed delivered 17)" "0 5"
check "every event is there" whole session
ktap_end
