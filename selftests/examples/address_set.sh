#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# address_set: packets from, or to, the networks in its maps match, and those next to them do not.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
. ../lib/packets.sh
. ../lib/examples.sh

pins=/sys/fs/bpf/examples
udp=$(udp 1 2 '')

# from A.B.C.D..., to A.B.C.D...: packets with these addresses, one of each.
hex_of4()
{
	local -a numbers
	IFS=. read -ra numbers <<<"$1"
	printf '%02x' "${numbers[@]}"
}
from() { local address; for address; do to4=cb007101 from4=$(hex_of4 "$address") ip4 17 "$udp"; echo; done; }
to() { local address; for address; do from4=cb007101 to4=$(hex_of4 "$address") ip4 17 "$udp"; echo; done; }
from6() { local address; for address; do from6=$address ip6 17 "$udp"; echo; done; }

# each_of matches|passes: the packets on standard input.
each_of() { local -a packets; mapfile -t packets; "$1" "${packets[@]}"; }
matches_from() { from "$@" | each_of matches; }
passes_from() { from "$@" | each_of passes; }
matches_from6() { from6 "$@" | each_of matches; }
passes_from6() { from6 "$@" | each_of passes; }

destination_is_the_other_programs()
{
	to 192.0.2.7 | each_of passes && program=$pins/destination_in_set && to 192.0.2.7 | each_of matches && passes_from 192.0.2.7
}

# The larger network's packets are those that the smaller one has not counted.
smallest_counts()
{
	map "$pins/networks4" set 10.0.0.0/8 0 && map "$pins/networks4" set 10.1.2.0/24 0 && matches_from 10.1.2.3 10.9.9.9 10.1.2.4 &&
		same "$(map "$pins/networks4" get 10.1.2.0/24) $(map "$pins/networks4" get 10.0.0.0/8)" '2 1'
}

all_addresses()
{
	map "$pins/networks4" set 0.0.0.0/0 0 && matches_from 203.0.113.9 && map "$pins/networks4" del 0.0.0.0/0 && passes_from 203.0.113.9
}

in_a_rule()
{
	local from_address=192.0.2.7 from_address6=2001:db8:8000::1 map=networks4 network=192.0.2.0/24
	[[ $1 != ip6* ]] || map=networks6 network=2001:db8:8000::/33
	map "$pins/$map" set "$network" 0 && rule_counts "$1" 2 17 "$(udp 1 9 '')" "$(udp 2 9 '')" && same "$(map "$pins/$map" get "$network")" 2 &&
		from_address=192.0.3.7 from_address6=2001:db8:7fff::1 && rule_counts "$1" 0 17 "$(udp 1 9 '')"
}

# Behind a live rule.
taken_out()
{
	map "$pins/networks4" del 192.0.2.0/24 && from_address=192.0.2.7 && rule_counts iptables-nft 0 17 "$(udp 1 9 '')"
}

example_begin address_set source_in_set destination_in_set -- "$@"
map "$pins/networks4" set 192.0.2.0/24 0
map "$pins/networks4" set 198.51.100.1 0
map "$pins/networks6" set 2001:db8:8000::/33 0
map "$pins/networks6" set ::ffff:203.0.113.0/120 0
ktap_plan 14
check "addresses of a network" matches_from 192.0.2.0 192.0.2.7 192.0.2.255
check "its neighbours" passes_from 192.0.1.255 192.0.3.0 2.0.192.7
check "a single address" matches_from 198.51.100.1
check "those beside it" passes_from 198.51.100.0 198.51.100.2
check "a network of IPv6, to the bit" matches_from6 20010db8800000000000000000000000 20010db8ffff00000000000000000001
check "its neighbours, to the bit" passes_from6 20010db87fffffffffffffffffffffff 20010db9000000000000000000000000
check "a network of IPv6 that stands for one of IPv4 is none of IPv4" passes_from 203.0.113.7
check "the other address is another program's, with the same maps" destination_is_the_other_programs
check "the smallest network counts" smallest_counts
check "the network of all addresses" all_addresses
check "fragments, options and extension headers make no difference" matches "$(fragment4=3 from4=c0000201 ip4 17 "$udp")" \
	"$(options4=01010101 ip4 17 "$udp")" "$(ip4 47 00)" \
	"$(from6=20010db8900000000000000000000000 ip6 44 "$(fragment6 17 9 00)")" "$(from6=20010db8900000000000000000000000 ip6 59 '')"
check "nothing but the header is needed" matches "$(ip4 17 '')" "$(cut 20 "$(ip4 17 "$udp")")"
check "a rule counts them, and the map each network's" each in_a_rule
check "a live rule no longer matches a network that was taken out" taken_out
ktap_end
