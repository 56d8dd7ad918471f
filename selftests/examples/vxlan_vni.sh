#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vxlan_vni: VXLAN packets of the virtual networks in its map match, and what only looks like one does not.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
. ../lib/packets.sh
. ../lib/examples.sh
pins=/sys/fs/bpf/examples

# vxlan VNI: with an Ethernet header behind it. flags.
vxlan() { udp 49152 4789 "$(hex8 $((${flags:-8})))000000$(hex32 $(($1 << 8)))$(zeros 14)"; }

in_a_rule()
{
	map "$program" del 0x123456 2>/dev/null
	map "$program" set 4097 0 &&
		rule_counts "$1" 2 17 "$(vxlan 4097)" "$(vxlan 4096)" "$(vxlan 4097)" "$(flags=0 vxlan 4097)" "$(vxlan 268501)" &&
		same "$(map "$program" list)" '4097  2'
}

example_begin vxlan_vni -- "$@"
map "$program" set 4097 0
map "$program" set 0x123456 0
one=$(vxlan 4097)
ktap_plan 16
check "a network of the map" matches "$(ip4 17 "$one")" "$(ip6 17 "$one")" "$(ip4 17 "$(vxlan 0x123456)")"
check "other networks, also with its bytes in another order" \
	passes "$(ip4 17 "$(vxlan 4096)")" "$(ip4 17 "$(vxlan 0x011000)")" "$(ip4 17 "$(vxlan 0x563412)")" "$(ip6 17 "$(vxlan 0)")"
check "one that has a network's number by a bit that is not the VNI's" \
	matches "$(ip4 17 "$(udp 1 4789 "08000000001001ff$(zeros 14)")")"
check "a header that says that its VNI is not valid" passes "$(ip4 17 "$(flags=0 vxlan 4097)")" "$(ip4 17 "$(flags=0xf7 vxlan 4097)")"
check "other flags make no difference" matches "$(ip4 17 "$(flags=0xff vxlan 4097)")"
check "IPv4 options are stepped over" matches "$(options4=0101010101010100 ip4 17 "$one")" "$(options4=$(zeros 40) ip4 17 "$one")"
check "an IPv4 header shorter than one can be" passes "$(ip4 17 "$one" | sed 's/^45/44/')"
check "IPv6 extension headers are stepped over" matches "$(ip6 0 "$(options6 17 0 "$one")")" \
	"$(ip6 0 "$(options6 43 0 "$(options6 60 2 "$(options6 51 1 "$(auth6 17 4 "$one")")")")")" "$(ip6 44 "$(fragment6 17 1 "$one")")"
eight=$one next=17
for _ in {1..8}; do eight=$(options6 $next 0 "$eight") next=60; done
check "eight of them" matches "$(ip6 60 "$eight")"
check "nine are too many" passes "$(ip6 60 "$(options6 60 0 "$eight")")"
check "other protocols with the same bytes" passes "$(ip4 6 "$one")" "$(ip6 6 "$one")" "$(ip6 59 "$one")" "$(ip4 136 "$one")"
check "a first fragment has the header, later ones have payload that looks like one" \
	all_are 1 3 "$(fragment4=0x2000 ip4 17 "$one")" "$(fragment4=0x2001 ip4 17 "$one")" "$(fragment4=3 ip4 17 "$one")" \
	"$(ip6 44 "$(fragment6 17 9 "$one")")"
check "a packet that is cut before the VNI ends" only_whole_matches 36 "$(ip4 17 "$one")"
check "one that its own lengths cut there" passes "$(length4=35 ip4 17 "$one")" "$(length6=15 ip6 17 "$one")" \
	"$(udp_length=15 ip4 17 "$(udp_length=15 vxlan 4097)")" "$(ip4 17 "$(udp_length=7 vxlan 4097)")" "$(ip4 17 "$(udp_length=0 vxlan 4097)")"
map "$program" del 4097
check "a network that was taken out of the map" passes "$(ip4 17 "$one")"
check "a rule counts them, and the map each network's" each in_a_rule
ktap_end
