#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# payload_string: packets match that have a string of the map in their payload, within its range of offsets and not a byte
# beside it.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
. ../lib/packets.sh
. ../lib/examples.sh
pins=/sys/fs/bpf/examples

# with TEXT...: packets with that payload, by UDP and TCP and both families in turn.
carrier=0
carry()
{
	carrier=$(((carrier + 1) % 4))
	case $carrier in
	0) ip4 17 "$(udp 1 2 "$1")" ;;
	1) ip6 6 "$(tcp 1 2 0x18 0101080a0000000100000002 "$1")" ;;
	2) ip4 6 "$(tcp 1 2 0x10 '' "$1")" ;;
	3) ip6 17 "$(udp 1 2 "$1")" ;;
	esac
}
with()
{
	local text
	local -a packets=()
	for text in "${@:2}"; do packets+=("$(carry "$(text_hex "$text")")"); done
	"$1" "${packets[@]}"
}

# only VALUE: the map's only string. dots N: so many of them.
only() { map "$program" set 7 text= && map "$program" set 0 "$1"; }
dots() { printf '%*s' "$1" '' | tr ' ' .; }

at_the_beginning() { only 'text=GET /' && with matches 'GET /' 'GET /index' && with passes '.GET /' 'GET' 'get /' 'GET|/' ''; }
in_a_range()
{
	only text=needle,first=3,last=5 && with matches ...needle ....needle. .....needle needneedle &&
		with passes ..needle ......needle needle \
		'...needl' "$(dots 9)needle"
}
# Each way in which it can lie across the words that are compared, also where the payload ends with it.
anywhere()
{
	only "text=$1,last=65535" || return
	local offset
	local -a found=() almost=()
	for offset in {0..9} {56..66} 127; do
		found+=("$(carry "$(text_hex "$(dots "$offset")$1")")")
		found+=("$(carry "$(text_hex "$(dots "$offset")$1...")")")
		almost+=("$(carry "$(text_hex "$(dots "$offset")${1%?}")")")
		almost+=("$(carry "$(text_hex "$(dots "$offset")${1%?}/...")")")
	done
	matches "${found[@]}" && { [ ${#1} = 1 ] || passes "${almost[@]}"; }
}
half_of_it_before()
{
	only text=aaaaaaaab,last=100 && with matches aaaaaaaaaaaab aaaaaaaab "$(dots 60)aaaaaaaaab" &&
		with passes aaaaaaab aaaaaaaac aaaaaaaa
}
longest()
{
	local text
	text=$(printf 'abcdefghi%.0s' {1..7})
	only "text=$text,last=9" && with matches "$text" ".........$text" && with passes "${text%?}" "${text%?}j" "..........$text" &&
		ends 1 'is not text=' map "$program" set 0 "text=${text}a"
}
bytes_of_any_value()
{
	only 'text=\x00\xff\x80\x0d,last=9' && matches "$(carry 00ff800d)" "$(carry 0000ff800d)" && passes "$(carry 00ff800a)" "$(carry ff800d)" &&
		only 'text=\x00,last=9' && matches "$(carry 61626300)" && passes "$(carry 616263)" "$(carry '')"
}
headers_are_no_payload()
{
	only 'text=\x00,last=65535' && passes "$(ip4 17 "$(udp 1 2 '')")" \
		"$(ip4 6 "$(tcp 1 2 0x10 00000000 '')")" "$(ip6 6 "$(tcp 1 2 0x10 '' 01)")" &&
		matches "$(ip4 17 "$(udp 1 2 00)")" "$(ip4 6 "$(tcp 1 2 0x10 00000000 00)")"
}
behind_headers()
{
	local inner
	inner=$(udp 1 2 "$(text_hex needle)")
	only text=needle && matches "$(options4=$(zeros 40) ip4 17 "$inner")" "$(ip6 0 "$(options6 60 1 "$(options6 17 3 "$inner")")")" \
		"$(ip4 6 "$(tcp 1 2 2 "$(zeros 40)" "$(text_hex needle)")")" "$(fragment4=0x2000 ip4 17 "$inner")"
}
ends_of_payload()
{
	local inner
	inner=$(udp 1 2 "$(text_hex needle)")
	only text=needle,last=100 && only_whole_matches $((20 + 8 + 6)) "$(ip4 17 "$inner")" && passes "$(length4=33 ip4 17 "$inner")" \
		"$(length6=13 ip6 17 "$inner")" "$(ip4 17 "$(udp_length=13 udp 1 2 "$(text_hex needle)")")" \
		"$(ip4 17 "$(udp_length=0 udp 1 2 "$(text_hex needle)")")" "$(ip4 6 "$(tcp_words=4 tcp 1 2 2 '' "$(text_hex needle)")")" \
		"$(ip4 6 "$(tcp_words=15 tcp 1 2 2 '' "$(text_hex needle)")")"
}
other_packets()
{
	local inner
	inner=$(udp 1 2 "$(text_hex needle)")
	only text=needle,last=100 && passes "$(fragment4=1 ip4 17 "$inner")" "$(ip6 44 "$(fragment6 17 8 "$inner")")" "$(ip4 1 "$inner")" \
		"$(ip4 132 "$inner")" "$(ip6 59 "$inner")"
}
# In rules: a dry run takes no packets that are so long.
far() { udp 1 9 "$(text_hex "$(dots "$1")needle")"; }
furthest()
{
	only text=needle,last=65535 && rule_counts iptables-legacy 1 17 "$(far 4095)" "$(far 4096)" &&
		only text=needle,first=4096,last=65535 && rule_counts ip6tables-nft 2 17 "$(far 4095)" "$(far 4096)" "$(far 8000)" "$(far 8192)"
}
nonsense()
{
	only text=needle,first=5,last=4 && with passes needle ....needle .....needle &&
		only text=needle,first=4294967295,last=4294967295 && with passes needle &&
		only text=,last=100 && with passes needle ''
}
nothing_yet() { only text= && with passes '' x; }
each_counts()
{
	only text=one,last=100 && map "$program" set 7 text=two,last=100 && with matches one ..two ...one.two two two &&
		with passes three &&
		same "$(map "$program" get 0 | sed 's/.*packets/packets/') $(map "$program" get 7 | sed 's/.*packets/packets/')" 'packets=2} packets=3}'
}

in_a_rule()
{
	only text=needle,first=2,last=9 && rule_counts "$1" 2 17 "$(udp 1 9 "$(text_hex ...needle)")" "$(udp 1 9 "$(text_hex .needle)")" \
		"$(udp 1 9 "$(text_hex ..neeneedle..)")" "$(udp 1 9 "$(text_hex ..needl)")"
}

example_begin payload_string -- "$@"
ktap_plan 18
check "a string that payload begins with" at_the_beginning
check "within a range of offsets, and not beside it" in_a_range
check "of nine bytes, at any offset" anywhere 'nine byte'
check "of eight" anywhere 'eight by'
check "of seven" anywhere 'seven b'
check "of one" anywhere x
check "one whose beginning comes before it" half_of_it_before
check "as long as can be" longest
check "bytes of any value" bytes_of_any_value
check "headers are not searched" headers_are_no_payload
check "options and extension headers make no difference" behind_headers
check "the string has to be there as a whole" ends_of_payload
check "later fragments and other protocols" other_packets
check "4096 offsets are tried, from the first on" furthest
check "ranges that are none, and no string, match nothing" nonsense
check "each string counts its packets, the first that is there" each_counts
check "before there is a string, nothing matches" nothing_yet
check "a rule counts them" each in_a_rule
ktap_end
