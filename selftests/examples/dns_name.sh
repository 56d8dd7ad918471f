#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dns_name: questions for the names and domains in its map match, and names that only look like them do not.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
. ../lib/packets.sh
. ../lib/examples.sh
pins=/sys/fs/bpf/examples

# labels NAME: as a message has it. question NAME: a message. flags; questions: how many it says that it has.
labels()
{
	local label
	local -a parts
	IFS=. read -ra parts <<<"$1"
	for label in "${parts[@]}"; do printf '%02x%s' ${#label} "$(text_hex "$label")"; done
	printf 00
}
message() { printf '1234%s%04x%s%s00010001' "${flags:-0100}" "${questions:-1}" 000000000000 "$1"; }
question() { message "$(labels "$1")"; }
asks() { udp 5353 53 "$(question "$1")"; }

# For each name a packet, of each family in turn.
packets_for()
{
	local name six=
	for name; do
		[ -n "$six" ] && ip6 17 "$(asks "$name")" || ip4 17 "$(asks "$name")"
		echo
		[ -n "$six" ] && six= || six=1
	done
}
asking() { local -a packets; mapfile -t packets < <(packets_for "${@:2}"); "$1" "${packets[@]}"; }

over_tcp() { tcp 5353 53 0x18 "${options:-}" "$(hex16 $((${says:-${#1} / 2})))$1"; }

counted_by()
{
	map "$program" set a.example.org packets=0 && map "$program" set example.org subdomains=1 &&
		asking matches a.example.org b.example.org x.a.example.org A.Example.ORG example.org &&
		same "$(map "$program" get a.example.org) $(map "$program" get example.org)" '{packets=2,subdomains=0} {packets=3,subdomains=1}'
}

in_a_rule()
{
	rule_counts "$1" 3 17 "$(asks www.example.com)" "$(asks ww.example.com)" "$(asks WWW.EXAMPLE.COM)" "$(asks a.b.example.net)" \
		"$(asks anexample.net)"
}

root_matches_all()
{
	map "$program" set . subdomains=1 && asking matches com a.b.c && map "$program" set . packets=0 && asking passes com a.b.c &&
		asking matches '' && map "$program" del . && asking passes ''
}

label63=$(printf 'a%.0s' {1..63})
many=$(printf 'a.%.0s' {1..121})
# 126 characters, which fill a key: 62 and 63, and the dot.
full=${label63:1}.$label63
example_begin dns_name -- "$@"
map "$program" set WWW.Example.com. packets=0
map "$program" set example.net subdomains=1
map "$program" set "$full" subdomains=1
map "$program" set '[{}].at' packets=0
ktap_plan 23
check "a name of the map" asking matches www.example.com www.example.com
check "in capitals, there and here" asking matches WWW.EXAMPLE.COM wWw.eXaMpLe.cOm
check "what is above, below and beside it" asking passes example.com a.www.example.com ww.example.com www.example.co www.example.com.a wwww.example.com
check "a domain and what is below it" asking matches example.net www.example.net WWW.a.b.Example.NET
check "what only ends like it, inside a label" asking passes anexample.net xexample.net example.net.com net
check "a dot inside a label parts none" passes "$(ip4 17 "$(udp 1 53 "$(message "0b$(text_hex a.example.)$(labels net | tail -c +1)")")")" \
	"$(ip4 17 "$(udp 1 53 "$(message "0d$(text_hex a.example.net)00")")")"
check "characters that are no letters have no case" asking passes '{[]}.at' '[{}]`at' 'WWW.EXAMPLE.CO-' '{{}}.at' '[[]].at'
check "they match as they are" asking matches '[{}].AT' '[{}].at'
check "a long name below a domain" asking matches "$label63.$label63.$label63.example.net" "${many}example.net"
check "a long name elsewhere, and a domain within" asking passes "$label63.$label63.$label63.example.nett" "example.net.$label63.$label63.$label63"
check "a name that is as long as the map has room for" asking matches "$full" "${full^^}" "a.$full" "$label63.$full"
check "a name as long that differs in its last or first character" asking passes "${full%a}b" "b${full#a}" "a.${full%a}b"
check "a question over TCP" matches "$(ip4 6 "$(over_tcp "$(question www.example.com)")")" \
	"$(ip6 6 "$(options=0101080a0000000100000002 over_tcp "$(question a.example.net)")")" \
	"$(ip4 6 "$(over_tcp "$(question www.example.com)")$(over_tcp "$(question other)" | tail -c 40)")"
check "over TCP, one that goes on in the next segment or says that it is shorter" passes \
	"$(ip4 6 "$(over_tcp "$(question www.example.com)" | sed 's/..$//')")" "$(ip4 6 "$(says=32 over_tcp "$(question www.example.com)")")" \
	"$(ip4 6 "$(tcp 1 53 0x18 '' "$(question www.example.com)")")" "$(ip4 6 "$(tcp 1 53 0x10 '' '')")"
check "answers repeat the question" matches \
	"$(ip4 17 "$(udp 53 5353 "$(flags=8180 question www.example.com)c00c00010001000000010004c0000201")")"
check "no question" passes "$(ip4 17 "$(questions=0 asks www.example.com)")"
check "a name that points elsewhere, or is longer than names are" passes "$(ip4 17 "$(udp 1 53 "$(message "0377777707$(text_hex example)c01f")")")" \
	"$(ip4 17 "$(udp 1 53 "$(message "$(for _ in {1..4}; do printf '3f%s' "$(text_hex "$label63")"; done)$(labels example.net)")")")" \
	"$(ip4 17 "$(udp 1 53 "$(message "$(printf '0161%.0s' {1..128})$(labels example.net)")")")" \
	"$(ip4 17 "$(udp 1 53 "$(message "40$(text_hex "a$label63")$(labels example.net)")")")"
check "a question that is cut" only_whole_matches "$((20 + 8 + 12 + 17 + 4))" "$(ip4 17 "$(asks www.example.com)")"
check "one that its own lengths cut" passes "$(length4=60 ip4 17 "$(asks www.example.com)")" "$(length6=40 ip6 17 "$(asks www.example.com)")" \
	"$(ip4 17 "$(udp_length=40 asks www.example.com)")"
check "later fragments" passes "$(fragment4=4 ip4 17 "$(asks www.example.com)")" "$(ip6 44 "$(fragment6 17 32 "$(asks www.example.com)")")"
check "the longest entry that fits counts" counted_by
check "the root is above all names, and one of them" root_matches_all
check "a rule counts them" each in_a_rule
ktap_end
