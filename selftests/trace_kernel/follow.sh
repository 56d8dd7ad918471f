#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A packet that is once selected is the same packet to the end, whatever NAT makes of it; another one is not.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

# What lies behind the addresses that NAT makes others of.
make_pair
make_far
ip -n "$left" route add 203.0.113.0/24 via 192.0.2.2
ip -n "$left" route add 2001:db8:2::/64 via 2001:db8::2

nat4()
{
	in_right iptables-legacy-restore <<-END
		*raw
		COMMIT
		*mangle
		COMMIT
		*nat
		-A PREROUTING -d 203.0.113.9 -j DNAT --to-destination 198.51.100.2
		-A POSTROUTING -o eth1 -j SNAT --to-source 198.51.100.1
		COMMIT
		*filter
		-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 536
		COMMIT
		*security
		COMMIT
	END
}

nat6()
{
	in_right ip6tables-legacy-restore <<-END
		*raw
		COMMIT
		*mangle
		COMMIT
		*nat
		-A PREROUTING -d 2001:db8:2::9 -j DNAT --to-destination 2001:db8:1::2
		-A POSTROUTING -o eth1 -j SNAT --to-source 2001:db8:1::1
		COMMIT
		*filter
		COMMIT
		*security
		COMMIT
	END
}

# path NAME PACKET: tables and hooks that the packet entered.
path()
{
	events "$1" "^enter packet=$2 " | sed 's/.* table=\([a-z]*\) hook=\([A-Z]*\) .*/\1:\2/' | xargs
}
# addresses NAME PACKET: from, to at the first and at the last event.
addresses()
{
	events "$1" " packet=$2 " | sed -n 's/.* src=\([^ ]*\) dst=\([^ ]*\).*/\1>\2/p' | sed -n '1p;$p' | xargs
}

first_way="raw:PREROUTING mangle:PREROUTING nat:PREROUTING mangle:FORWARD filter:FORWARD security:FORWARD mangle:POSTROUTING nat:POSTROUTING"
later_way=${first_way//nat:PREROUTING /}
later_way=${later_way/ nat:POSTROUTING/}

# The destination before NAT: no later table would select the packet by this.
to_nat='4,32 0 0 16,21 0 1 3405803785,6 0 0 65535,6 0 0 0'
to_nat6='4,32 0 0 36,21 0 1 9,6 0 0 65535,6 0 0 0'

nat4
nat6
ktap_plan 32

trace_start session -f "$to_nat"
in_left ping -nq -c 3 -i 0.01 203.0.113.9 >/dev/null
trace_stop session
check "IPv4: a new connection's packet is followed from DNAT to SNAT" same "$(path session 1)" "$first_way"
check "... its destination changes on the way" same "$(addresses session 1)" "192.0.2.1>203.0.113.9 192.0.2.1>198.51.100.2"
check "... one of a known connection, too, which the nat table does not see" same "$(path session 3)" "$later_way"
check "... by certain grounds alone" same "$(stat_of session guessed)" 0
check "... each packet once" same "$(stat_of session packets)" 3
check "... every event is there" whole session

trace_start session -f "$to_nat6"
in_left ping -nq -c 2 -i 0.01 2001:db8:2::9 >/dev/null
trace_stop session
check "IPv6: a new connection's packet is followed from DNAT to SNAT" same "$(path session 1)" "$first_way"
check "... its destination changes on the way" same "$(addresses session 1)" "2001:db8::1>2001:db8:2::9 2001:db8::1>2001:db8:1::2"
check "... each packet once" same "$(stat_of session packets) $(stat_of session guessed)" "2 0"

# TCP with options that the firewall lengthens or shortens, with a capture that keeps clones of every packet.
nsenter --net="/run/netns/$far" -- nc -lkp 80 >/dev/null 2>&1 &
cleanup_push kill $!
wait_until 5 nsenter --net="/run/netns/$far" -- grep -q ':0050 ' /proc/net/tcp
nsenter --net="/run/netns/$right" -- tcpdump -i any -w /dev/null >"$trace_work/tcpdump" 2>&1 &
cleanup_push kill $!
wait_until 20 grep -q 'listening on' "$trace_work/tcpdump"
trace_start session -f "$to_nat"
in_left bash -c 'head -c 100000 /dev/zero | nc -N -w 5 203.0.113.9 80'
trace_stop session
syn=$(path session 1)
check "TCP: the first packet is followed to the end" same "$syn" "$first_way"
check "... and each packet once: what is still under way later belongs to one seen before" \
	same "$(events session '^enter .*flags=[a-z,]*first' | grep -vc 'table=raw hook=PREROUTING')" 0
check "... all of them get through to POSTROUTING" same \
	"$(events session '^leave .*table=mangle hook=POSTROUTING' | wc -l)" "$(stat_of session packets)"
check "... every event is there" whole session

# What one filter does not see before NAT another sees after it.
trace_start before -f "$to_nat"
trace_start after -f '4,32 0 0 16,21 0 1 3325256706,6 0 0 65535,6 0 0 0'
in_left ping -nq -c 1 203.0.113.9 >/dev/null
trace_stop before
trace_stop after
check "two sessions: the one that knows the address before NAT sees all" same "$(path before 1)" "$first_way"
check "... the other begins after it" same "$(path after 1)" "${first_way#raw:PREROUTING mangle:PREROUTING nat:PREROUTING }"
check "... each has its own numbers" same "$(events after '^enter' | head -n 1 | cut -d' ' -f2-3) $(stat_of after packets)" "packet=1 seq=1 1"
check "... and hears of the same traversals" same \
	"$(events after '^enter' | sed 's/.* walk=\([0-9]*\) .*/\1/' | xargs)" \
	"$(events before '^enter' | sed 's/.* walk=\([0-9]*\) .*/\1/' | tail -n +4 | xargs)"
both_whole() { whole before && whole after; }
check "every event is there, in both" both_whole

# A second session that starts while packets are under way.
trace_start one
trace_start two -f "$(filter_ipv4 17)"
in_left ping -nq -c 5 -i 0.01 198.51.100.2 >/dev/null
trace_stop two
in_left ping -nq -c 5 -i 0.01 198.51.100.2 >/dev/null
trace_stop one
check "one session's end does not disturb another" whole one
check "... whose filter is its own" test "$(stat_of two packets)" = 0 -a "$(stat_of one packets)" -ge 20

# Locally: one skb goes out and comes in again, and is two packets.
trace_start session -f "$filter_ping"
in_right ping -nq -c 1 127.0.0.1 >/dev/null
trace_stop session
check "over the loopback interface a packet is sent and another received" same "$(path session 1) / $(path session 2)" \
	"raw:OUTPUT mangle:OUTPUT nat:OUTPUT filter:OUTPUT security:OUTPUT mangle:POSTROUTING nat:POSTROUTING / raw:PREROUTING mangle:PREROUTING mangle:INPUT filter:INPUT security:INPUT"

# Namespaces.
trace_start session
in_netns "$far" iptables-legacy -A INPUT
in_left ping -nq -c 1 198.51.100.2 >/dev/null
trace_stop session
check "a session hears of its own namespace alone" same \
	"$(events session . | sed 's/.* netns=\([0-9]*\) .*/\1/' | sort -u)" "$(in_right stat -Lc %i /proc/self/ns/net)"
trace_start session -n "/run/netns/$far"
in_left ping -nq -c 1 198.51.100.2 >/dev/null
trace_stop session
check "... or of the one that it was given" same \
	"$(events session . | sed 's/.* netns=\([0-9]*\) .*/\1/' | sort -u)" "$(in_netns "$far" stat -Lc %i /proc/self/ns/net)"
trace_start session -n all -f "$filter_ping"
in_left ping -nq -c 1 198.51.100.2 >/dev/null
trace_stop session
check "... or of all" same "$(events session . | sed 's/.* netns=\([0-9]*\) .*/\1/' | sort -u | wc -l)" 2
check "in another namespace it is the same packet" same "$(path session 1)" "$first_way filter:INPUT"
check "no packet is ever lost sight of" same "$(stat_of session forgotten) $(stat_of session refused)" "0 0"

# Two CPUs forward at once, also idle ones, whose tasks all have the number 0.
receive_on "$right" eth0 3
trace_start session -f "$(filter_ipv4 17)"
for cpu in 0 1; do
	in_left taskset -c $cpu "$trace_bin/udp_send" -n 200 -i 500 -s $((20000 + 10000 * cpu)) 198.51.100.2 9 &
	senders[cpu]=$!
done
wait "${senders[@]}"
trace_stop session
check "two CPUs forward at once" test "$(events session '^enter' | sed 's/.* cpu=\([0-9]*\) .*/\1/' | sort -u | wc -l)" -ge 2
# A packet's tables in order, and how many packets have just these.
ways() { events session '^enter' | sed 's/.* packet=\([0-9]*\) .* table=\([a-z]*\) hook=\([A-Z]*\) .*/\1 \2:\3/' | awk '{ way[$1] = way[$1] " " $2 } END { for (p in way) print way[p] }' | sort | uniq -c | xargs; }
check "... each packet on its own way" same "$(ways)" "400 $first_way"
check "... with its own events" whole session

# Packets that are followed do not accumulate.
trace_start session -f "$filter_ping" -k e
in_left ping -fnq -c 2003 198.51.100.2 >/dev/null
trace_stop session
check "2,003 packets, one after the other, are followed one after the other" same \
	"$(stat_of session packets) $(stat_of session forgotten) $(stat_of session refused) $(stat_of session guessed)" "2003 0 0 0"
check "none is taken for another" same "$(for packet in 2 3 1000 2003; do path session $packet; done | sort | uniq -c | xargs)" \
	"4 $later_way"
check "every event is there" whole session
ktap_end
