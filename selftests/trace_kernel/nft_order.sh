#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A packet's way through tables of both back ends, and through a bridge: one packet, in the order in which the kernel calls
# them, with who made it, and none that is taken for another.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh
. ../lib/nft.sh

make_pair
in_right sysctl -qw net.ipv4.icmp_ratelimit=0

# way NAME [PATTERN]: where its packets came by, each with its number: family:table:chain.
way()
{
	events "$1" "^enter.*${2:-}" | awk '
		{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) }
		  print v["packet"] ":" ("nft" in v ? v["nft"] : "legacy") ":" v["table"] ":" ("nft" in v ? v["chain"] : v["hook"])
		  delete v }' | xargs
}
numbers() { events "$1" "^enter.*${2:-}" | sed 's/.* packet=\([0-9]*\) .*/\1/' | uniq -c | awk '{ print $1 }' | xargs; }

ktap_plan 20

# Three chains and two tables at one hook, two of a priority and the table too: the latest of a priority is called first.
in_right iptables-legacy-restore <<-END
	*mangle
	-A INPUT -m length --length 1:65535
	COMMIT
	*filter
	-A INPUT -m length --length 1:65535
	COMMIT
END
in_right nft -f - <<-END
	table ip one { chain c { type filter hook input priority 0; }; }
	table inet two { chain c { type filter hook input priority 0; }; }
	table ip three { chain c { type filter hook input priority -160; }; }
	table ip four {
		chain c { type nat hook input priority 90; };
		chain pre { type nat hook prerouting priority -100; udp dport 1 dnat to 192.0.2.2:2; };
	}
END
trace_start session -B ln -f "$filter_ping"
pings 1 192.0.2.2
trace_stop session
check "one packet, in the order of hooks" same "$(way session hook=INPUT | tr ' ' '\n' | sort | xargs)" \
	"$(printf '%s\n' 1:ip:three:c 1:legacy:mangle:INPUT 1:inet:two:c 1:ip:one:c 1:legacy:filter:INPUT 1:ip:four:c | sort | xargs)"
check "priorities do not fall on the way" same "$(events session '^enter.* hook=INPUT ' | sed 's/.* priority=\([^ ]*\) .*/\1/' | sort -nc 2>&1)" ""
trace_start session -B ln -f "$(filter_ipv4 17)"
# Without an answer, each comes in the memory of one before.
in_right sysctl -qw net.ipv4.icmp_ratelimit=1000000
in_left "$trace_bin/udp_send" -a -n 500 -i 500 192.0.2.2 9 >/dev/null 2>&1
trace_stop session
in_right sysctl -qw net.ipv4.icmp_ratelimit=0
# The first of a connection comes by the nat chains too.
check "five hundred packets that are alike to the last bit: each has its own number" same \
	"$(numbers session | tr ' ' '\n' | sort | uniq -c | xargs)" "499 6 1 8"
check "... and that is all of them" same "$(stat_of session packets)" 500
check "... none of them a guess" same "$(stat_of session guessed) $(stat_of session forgotten)" "0 0"
check "every event is there" whole session

# A session that samples decides once for a packet.
trace_start session -B ln -f "$filter_ping"
pings 3 192.0.2.2
trace_stop session
check "each is complete from its first event on" same "$(events session 'flags=[a-z,]*first' | wc -l)" 3

# NAT in nf_tables between legacy tables.
in_right iptables-legacy -F
in_right iptables-legacy -t mangle -F
in_right nft flush ruleset
in_right nft -f - <<-END
	table ip nat {
		chain pre { type nat hook prerouting priority -100; udp dport 9 dnat to 192.0.2.2:10; }
		chain in { type filter hook input priority 0; counter; }
	}
END
trace_start session -B ln -f "10,48 0 0 0,84 0 0 240,21 0 6 64,48 0 0 9,21 0 4 17,40 0 0 22,21 0 2 9,6 0 0 65535,6 0 0 0,6 0 0 0"
in_left bash -c 'echo x >/dev/udp/192.0.2.2/9'
trace_stop session
check "a packet is followed through NAT, beyond its filter" same "$(way session | grep -o '1:ip:nat:in')" "1:ip:nat:in"
check "... without a guess" same "$(events session '^enter.*chain=in ' | sed 's/.* flags=\([^ ]*\) .* dport=\(.*\)/\1 \2/')" " 10"
in_right nft flush ruleset

# What a rule makes: the answer of reject is sent while the rule runs, here before the kernel has told of any.
in_right nft -f - <<-END
	table inet t {
		chain in { type filter hook input priority 0; udp dport 7 reject; }
		chain out { type filter hook output priority 0; counter; }
	}
END
trace_start session -B n -c -f "$(filter_ipv4 17)"
in_left bash -c 'echo x >/dev/udp/192.0.2.2/7'
trace_stop session
rejected=$(events session '^enter.* chain=in ' | sed 's/.* packet=\([0-9]*\) .* walk=\([0-9]*\) .*/\1\/\2/')
check "the answer of reject names the packet and the walk that made it" same \
	"$(events session '^enter.* chain=out ' | sed 's/.* parent=\([^ ]*\) flags=\([^ ]*\) .* icmp=\(.*\)/\1 \2 \3/')" \
	"$rejected first,child, 3"
check "the rule's event comes after the answer's" same \
	"$(events session . | sed 's/^\([a-z]*\) .* chain=\([^ ]*\) .*/\1:\2/' | tail -n 6 | xargs)" \
	"enter:out rule:out rule:out leave:out rule:in leave:in"
check "every event is there" whole session
in_right nft flush ruleset

# Whose a packet is.
in_right nft -f - <<<'table inet t { chain out { type filter hook output priority 0; counter; }; }'
trace_start session -B n -f "$filter_ping"
in_right ping -nq -c 1 192.0.2.1 >/dev/null
trace_stop session
check "a packet of this host's is seen on its way out" same "$(events session '^enter.* hook=OUTPUT ' | wc -l)" 1
in_right nft flush ruleset

# NFQUEUE in between, and TEE.
in_right nft -f - <<-END
	table inet t {
		chain a { type filter hook input priority 0; icmp type echo-request queue num 5; }
		chain b { type filter hook input priority 10; counter; }
	}
END
nsenter --net="/run/netns/$right" -- "$trace_bin/nfqueue_pass" 5 2 >"$trace_work/queue" 2>&1 &
trace_pid[queue]=$!
queue_ready() { in_right cat /proc/net/netfilter/nfnetlink_queue | grep -q .; }
wait_until 20 queue_ready
trace_start session -B n -f "$filter_ping"
pings 2 192.0.2.2
wait "${trace_pid[queue]}"
trace_stop session
check "a packet that was queued is the same afterwards" same "$(way session | tr ' ' '\n' | sort | xargs)" \
	"1:inet:t:a 1:inet:t:b 2:inet:t:a 2:inet:t:b"
check "... and queue is what the rule says" same "$(events session '^rule.* chain=a ' | sed 's/.* says=\([^ ]*\) .*/\1/' | xargs)" "queue queue"
in_right nft flush ruleset

# A bridge: left - br0 in right - far.
far=far-${right#right-}
ip netns add "$far"
cleanup_push ip netns del "$far"
ip -n "$right" addr flush dev eth0
ip -n "$right" link add br0 type bridge
ip -n "$right" link add eth1 type veth peer name eth0 netns "$far"
for device in eth0 eth1; do
	ip -n "$right" link set $device master br0 up
done
ip -n "$right" link set br0 up
ip -n "$right" addr add 192.0.2.2/24 dev br0
ip -n "$far" addr add 192.0.2.3/24 dev eth0
ip -n "$far" link set eth0 up
wait_until 10 in_left ping -nqc1 -W1 192.0.2.3
wait_until 10 in_left ping -nqc1 -W1 192.0.2.2
in_right nft -f - <<-END
	table bridge b {
		chain pre { type filter hook prerouting priority -300; counter; }
		chain in { type filter hook input priority -200; counter; }
		chain forwarded { type filter hook forward priority -200; meta length 110 drop; counter; }
		chain out { type filter hook output priority 0; counter; }
		chain post { type filter hook postrouting priority 0; counter; }
	}
	table inet t {
		chain pre { type filter hook prerouting priority 0; counter; }
		chain in { type filter hook input priority 0; counter; }
		chain forwarded { type filter hook forward priority 0; counter; }
		chain out { type filter hook output priority 0; counter; }
		chain post { type filter hook postrouting priority 0; counter; }
	}
END
trace_start session -B n -f "$(filter_ipv4 1)"
pings 1 192.0.2.3
pings 1 192.0.2.2
trace_stop session
check "through a bridge, there and back" same "$(way session | cut -d' ' -f1-6)" \
	"1:bridge:b:pre 1:bridge:b:forwarded 1:bridge:b:post 2:bridge:b:pre 2:bridge:b:forwarded 2:bridge:b:post"
check "from a bridge to the host, and back" same "$(way session | cut -d' ' -f7-)" \
	"3:bridge:b:pre 3:bridge:b:in 3:inet:t:pre 3:inet:t:in 4:inet:t:out 4:inet:t:post 4:bridge:b:out 4:bridge:b:post"
check "every event is there" whole session

modprobe br_netfilter
cleanup_push modprobe -r br_netfilter
in_right sysctl -qw net.bridge.bridge-nf-call-iptables=1
trace_start session -B n -f "$(filter_ipv4 1)"
pings 1 192.0.2.3
trace_stop session
check "with br_netfilter IP's chains are in between" same "$(way session | tr ' ' '\n' | grep '^1:' | xargs)" \
	"1:bridge:b:pre 1:inet:t:pre 1:bridge:b:forwarded 1:inet:t:forwarded 1:bridge:b:post 1:inet:t:post"
in_right sysctl -qw net.bridge.bridge-nf-call-iptables=0
trace_start session -B n
in_left arping -c 1 -I eth0 192.0.2.3 >/dev/null 2>&1 || in_left ip neigh flush all
in_left ping -nq -c 1 -s 82 -W 0.2 192.0.2.3 >/dev/null
trace_stop session
check "frames that are not of IP are left out, a drop at a bridge is not" same \
	"$(events session '^leave.* chain=forwarded ' | grep -cE 'flags=(stolen,)?terminal,.* verdict=0/0 ') $(events session . | grep -vcE ' family=(2|10) ')" "1 0"
ktap_end
