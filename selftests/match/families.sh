#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Rules of nf_tables outside ip and ip6: inet sees both, bridge sees what a bridge forwards, arp has no bpf match. As with
# the in-tree match, but held by ours.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

ktap_plan 5

make_pair
pin match_all all
pin udp_1000 udp_1000

# judged_by FAMILY: what rules count in LOCAL_IN of 3 datagrams over IPv4 and 2 over IPv6.
judged_by()
{
	in_right bin/nft_rule "$1" 1 \
		rev=0 "code=$code_all" -- "code=$(udp_code ip 1000)" -- "code=$(udp_code ip6 1000)" -- \
		"path=$pin_dir/udp_1000" -- "path=$pin_dir/all" -- "code=$code_none" || return 1
	datagrams 3 192.0.2.2 1000
	datagrams 2 2001:db8::2 1000
	nft_counts "$1"
}

expected()
{
	local both
	both=$(on_both judged_by "$1") || { echo "$both"; return 1; }
	same "$both" "5 3 2 5 5 0"
}

# ours_though_both FAMILY
ours_though_both()
{
	drop_rules
	load_ours && modprobe xt_bpf || return 1
	in_right bin/nft_rule "$1" 1 "code=$code_all" -- "path=$pin_dir/all" || return 1
	held xt_ebpf 2 && held xt_bpf 0
}

# Ours is not there for ARP, so it is the in-tree match that refuses.
arp_refused_alike()
{
	local stock ours
	drop_rules
	load_stock || return 1
	stock=$(in_right bin/nft_rule arp 1 "code=$code_all") && return 1
	load_ours && modprobe xt_bpf || return 1
	ours=$(in_right bin/nft_rule arp 1 "code=$code_all") && return 1
	same "$ours" "$stock" && same "$ours" EINVAL
}

check "inet: packets of both versions are matched as by the in-tree match" expected inet
check "inet: the rules are held by ours, though both are loaded" ours_though_both inet
check "arp: refused as by the in-tree match" arp_refused_alike
make_bridge
check "bridge: packets are matched as by the in-tree match" expected bridge
check "bridge: the rules are held by ours, though both are loaded" ours_though_both bridge
drop_rules

ktap_end
