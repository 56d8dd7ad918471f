#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A packet stays one on its way from a network namespace into another, and from its fragments to the whole; others do not become
# one.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

# left - right - far, and left - far besides; what right sends to 198.51.101.0/24 ends there. left has no tables.
make_pair
make_far
ip -n "$left" link add eth1 type veth peer name eth1 netns "$far"
ip -n "$right" link add dummy0 type dummy
for where in "$left eth1 203.0.113.1/24" "$far eth1 203.0.113.2/24" "$right dummy0 198.51.101.1/24"; do
	read -r ns device address <<<"$where"
	ip -n "$ns" addr add "$address" dev "$device"
	ip -n "$ns" link set "$device" up
done
ip -n "$left" route add 198.51.101.0/24 via 192.0.2.2
wait_until 5 in_left ping -nqc1 -W1 203.0.113.2

# Tables of right: filter, mangle and nat, and with the latter conntrack. Of far: raw and filter.
for tables in iptables-legacy ip6tables-legacy; do
	in_right $tables -t filter -A FORWARD
	in_right $tables -t mangle -A POSTROUTING
	in_far $tables -t raw -A PREROUTING
	in_far $tables -t filter -A INPUT
done
in_right iptables-legacy -t nat -A POSTROUTING -o eth1 -j SNAT --to-source 198.51.100.77
ip -n "$right" addr add 198.51.100.77/32 dev eth1
inode_of() { in_netns "$1" stat -Lc %i /proc/self/ns/net; }
right_inode=$(inode_of "$right")
far_inode=$(inode_of "$far")

# way NAME PACKET: where it was, with the namespace.
way()
{
	events "$1" "^enter packet=$2 " |
		sed -E "s/.* table=([a-z]*) hook=([A-Z]*) .* netns=([0-9]*) .*/\3:\1:\2/; s/^$right_inode:/right:/; s/^$far_inode:/far:/" | xargs
}
packets_of() { stat_of "$1" packets; }
guesses() { events "$1" '^enter .*flags=[a-z,]*guessed' | sed -E "s/.* netns=([0-9]*) .*/\1/; s/^$right_inode$/right/; s/^$far_inode$/far/" | sort | uniq -c | xargs; }

through_right="right:mangle:PREROUTING right:mangle:FORWARD right:filter:FORWARD right:mangle:POSTROUTING"
into_far="far:raw:PREROUTING far:filter:INPUT"

ktap_plan 24

trace_start session -n all -f "$filter_ping"
in_left ping -nq -c 2 -i 0.01 198.51.100.2 >/dev/null
trace_stop session
check "IPv4: what a namespace forwards is the same packet in the next one, behind NAT too" same \
	"$(way session 1)" "right:mangle:PREROUTING right:nat:PREROUTING right:mangle:FORWARD right:filter:FORWARD right:mangle:POSTROUTING right:nat:POSTROUTING $into_far"
check "... and the next packet likewise" same "$(way session 2)" "$through_right $into_far"
check "... for sure" same "$(packets_of session) $(stat_of session guessed)" "2 0"
check "... and every event is there" whole session

trace_start session -n all -f "$filter_ping6"
in_left ping -nq -c 1 2001:db8:1::2 >/dev/null
trace_stop session
check "IPv6: likewise" same "$(way session 1)" "$through_right $into_far"
check "... for sure" same "$(packets_of session) $(stat_of session guessed)" "1 0"

# Not in_far: what is killed has to be the server itself.
nsenter --net="/run/netns/$far" -- nc -lkp 80 >/dev/null 2>&1 &
cleanup_push kill $!
wait_until 5 in_far grep -q ':0050 ' /proc/net/tcp
trace_start session -n all -f "$(filter_ipv4 6)"
in_left bash -c 'head -c 20000 /dev/zero | nc -N -w 5 198.51.100.2 80'
trace_stop session
check "TCP: each packet is one from end to end, in both directions" same \
	"$(events session '^enter ' | sed -E 's/.* packet=([0-9]*) .* netns=([0-9]*) .*/\1 \2/' | sort -u | cut -d' ' -f1 | uniq -c | awk '$1 != 2' | wc -l)" 0
check "... for sure" same "$(stat_of session guessed)" 0
check "... and every event is there" whole session

trace_start here -f "$filter_ping"
trace_start there -n "/run/netns/$far" -f "$filter_ping"
in_left ping -nq -c 2 -i 0.01 198.51.100.2 >/dev/null
trace_stop here
trace_stop there
check "a session of the first namespace hears of its part" same "$(way here 2)" "$through_right"
check "... one of the second of its own, with its own numbers" same "$(way there 2)" "$into_far"
both_whole() { whole here && whole there; }
check "... and no number is missing in either" both_whole

# There is nothing in datagrams that only one of them has for long.
trace_start session -n all -f "$(filter_ipv4 17)"
in_left "$trace_bin/udp_send" -n 5 -i 20000 198.51.100.2 9
trace_stop session
check "what others of its kind may look like is most likely the same" same \
	"$(packets_of session) $(way session 5)" "5 $through_right $into_far"
check "... and its events say so from there on" same "$(guesses session)" "10 far"
trace_start session -n all -f "$(filter_ipv6 17)"
in_left "$trace_bin/udp_send" -n 5 -i 20000 2001:db8:1::2 9
trace_stop session
check "IPv6: likewise" same "$(packets_of session) $(guesses session)" "5 10 far"

# In each other's memory: what ends behind right, and what comes to far by another way, on one CPU in turn.
trace_start session -n all -f "$(filter_ipv4 17)"
in_left "$trace_bin/udp_send" -c 0 -n 300 -i 1000 198.51.101.9 9 &
to_nowhere=$!
in_left "$trace_bin/udp_send" -c 0 -n 300 -i 1000 203.0.113.2 9
wait $to_nowhere
trace_stop session
crossed() { events session '^enter ' | sed -E 's/.* packet=([0-9]*) .* netns=([0-9]*) .*/\1 \2/' | sort -u | cut -d' ' -f1 | uniq -d | wc -l; }
check "a packet that ends here is not the next one there, in the same memory" same "$(packets_of session) $(crossed)" "600 0"
check "... and every event is there" whole session

# Alike to the last bit of what NAT leaves alone, on one host, where the tables between are not there.
in_right nft -f - <<-END
	table ip t {
		chain in { type filter hook input priority 0; }
		chain post { type filter hook postrouting priority 0; }
	}
END
# Without an answer, the next comes in the memory of this one.
in_right sysctl -qw net.ipv4.icmp_ratelimit=1000000
trace_start session -B n -f "$(filter_ipv4 17)"
for destination in $(printf '192.0.2.2 198.51.101.9 %.0s' {1..200}); do
	echo "0 192.0.2.1 $destination 17 0fa00009000900000a"
done | in_left taskset -c 0 "$trace_bin/send_packet" -l
trace_stop session
check "a packet that came to a socket here is not the next one that is forwarded" same \
	"$(packets_of session) $(events session '^enter ' | wc -l)" "400 400"

# Without conntrack fragments come to a host's first tables one by one.
trace_start session -n "/run/netns/$far" -f "$(filter_ipv4 1)"
in_left ping -nq -c 1 -s 4000 203.0.113.2 >/dev/null
trace_stop session
lengths() { events session "^enter packet=$1 .*hook=(PREROUTING|INPUT)" | sed -E 's/.* hook=([A-Z]*) .*length=([0-9]*).*/\1:\2/' | xargs; }
check "fragments are packets each" same "$(lengths 1) $(lengths 2)" "PREROUTING:1500 PREROUTING:1500"
check "... and the last of them goes on as the whole" same "$(lengths 3)" "PREROUTING:1068 INPUT:4028"
check "... for sure" same "$(stat_of session guessed)" 0
check "... and every event is there" whole session

# The first fragment comes last.
trace_start session -n "/run/netns/$far" -f "$(filter_ipv4 1)"
in_left "$trace_bin/send_packet" -f 0003 203.0.113.1 203.0.113.2 1 "$(printf '%048d' 0)"
in_left "$trace_bin/send_packet" -f 2000 203.0.113.1 203.0.113.2 1 "0800000012340001$(printf '%032d' 0)"
wait_until 5 events session 'hook=INPUT'
trace_stop session
check "whichever comes last" same "$(lengths 1) $(lengths 2)" "PREROUTING:44 PREROUTING:44 INPUT:68"
check "no packet is ever lost sight of" same "$(stat_of session forgotten) $(stat_of session refused)" "0 0"
ktap_end
