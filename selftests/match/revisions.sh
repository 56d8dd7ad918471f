#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Blobs as the kernel takes them, not as some iptables makes them: both revisions, all modes, the limits of the fields, and
# what of a program's return value counts. The in-tree match decides the same.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

ktap_plan 5

make_pair
legacy_interface
pin match_all all
pin match_none none
pin return_high_bit high_bit
pin return_high_half high_half

# 64 instructions, the last of which says yes.
longest=64
for ((i = 1; i < 64; i++)); do longest+=',0 0 0 0'; done
longest+=',6 0 0 1'

# cases TOOL: match or not, and the words of bpf_blob.h. A program returns 32 bits, and any but 0 is a match.
cases()
{
	local port_1000 port_2000
	port_1000=$(udp_code "$1" 1000)
	port_2000=$(udp_code "$1" 2000)
	cat <<-END
		yes rev=0 code=$port_1000
		no rev=0 code=$port_2000
		yes rev=0 code=$longest
		no rev=0 code=1,6 0 0 0
		yes rev=0 code=1,6 0 0 2147483648
		yes rev=0 code=1,6 0 0 4294967295
		yes rev=1 code=$port_1000
		no rev=1 code=$port_2000
		yes rev=1 code=$longest
		no rev=1 code=1,6 0 0 0
		yes rev=1 code=1,6 0 0 2147483648
		yes rev=1 code=1,6 0 0 4294967295
		yes rev=1 path=$pin_dir/all
		no rev=1 path=$pin_dir/none
		yes rev=1 path=$pin_dir/high_bit
		no rev=1 path=$pin_dir/high_half
		yes rev=1 open=$pin_dir/all
		no rev=1 open=$pin_dir/none
	END
}

# all_words TOOL: the words of all cases, as the helpers take them, in the array words.
all_words()
{
	local revision rest
	words=()
	while read -r _ revision rest; do words+=("$revision" "$rest" --); done < <(cases "$1")
	unset 'words[-1]'
}

# answers TOOL: the cases as they came out, given what each counted of two packets.
answers()
{
	paste -d' ' - <(cases "$1") | sed 's/^0 [a-z]*/no/; s/^2 [a-z]*/yes/'
}

legacy()
{
	local words
	all_words "$1"
	in_right bin/xt_rule "${@:2}" raw 0 "${words[@]}" || return 1
	datagrams 2 "$(peer_of "$1")" 1000
	in_right bin/xt_rule "${@:2}" -c raw | answers "$1"
}

nft()
{
	local words
	all_words "$1"
	in_right bin/nft_rule "$1" 0 "${words[@]}" || return 1
	datagrams 2 "$(peer_of "$1")" 1000
	nft_counts "$1" | tr ' ' '\n' | answers "$1"
}

as_in_tree_and_expected()
{
	local both
	both=$(on_both "$@") || { echo "$both"; return 1; }
	same "$both" "$(cases "$2")"
}

check "legacy, IPv4" as_in_tree_and_expected legacy ip
check "legacy, IPv6" as_in_tree_and_expected legacy ip6 -6
check "nft, IPv4" as_in_tree_and_expected nft ip
check "nft, IPv6" as_in_tree_and_expected nft ip6
check "nft, inet" as_in_tree_and_expected nft inet

ktap_end
