#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tcp_fingerprint: packets that open a connection as a signature of p0f has it match, and with one thing changed they do not.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
. ../lib/packets.sh
. ../lib/examples.sh
pins=/sys/fs/bpf/examples

# The options that Linux sends, with an MSS of 1460: mss,sok,ts,nop,ws.
linux_options=020405b40402080a00000001000000000103030a
linux='*:64:0:*:mss*20,10:mss,sok,ts,nop,ws:df,id+:0'

# syn OPTIONS [PAYLOAD]: with Linux's window; flags. syn4, syn6: the same in a packet, and Linux's headers.
syn() { window=${window:-29200} tcp 40000 443 "${flags:-2}" "$@"; }
syn4() { fragment4=${fragment4-0x4000} ip4 6 "$(syn "$@")"; }
syn6() { ip6 6 "$(syn "$@")"; }

# only SIGNATURE: the only one. judges SIGNATURE matches|passes PACKET...
only() { map "$pins/signatures" set 1 none && map "$pins/signatures" set 0 "$1"; }
judges() { only "$1" && "${@:2}"; }

linux_matches()
{
	judges "$linux" matches "$(syn4 "$linux_options")" "$(window=28800 syn6 "020405a0${linux_options:8}")" \
		"$(window=28000 syn4 "02040578${linux_options:8}")"
}
versions()
{
	judges "4${linux#?}" all_are 1 1 "$(syn4 "$linux_options")" "$(syn6 "$linux_options")" &&
		judges '6:64:0:*:mss*20,10:mss,sok,ts,nop,ws::0' all_are 1 1 "$(syn6 "$linux_options")" "$(syn4 "$linux_options")"
}
ttls()
{
	judges "$linux" matches "$(ttl=63 syn4 "$linux_options")" "$(ttl=29 syn4 "$linux_options")" "$(ttl=29 syn6 "$linux_options")" &&
		passes "$(ttl=28 syn4 "$linux_options")" "$(ttl=65 syn4 "$linux_options")" "$(ttl=28 syn6 "$linux_options")" "$(ttl=255 syn4 "$linux_options")" &&
		judges "${linux/64/64-}" all_are 2 1 "$(ttl=1 syn4 "$linux_options")" "$(ttl=64 syn4 "$linux_options")" "$(ttl=65 syn4 "$linux_options")" &&
		judges "${linux/64/54+10}" all_are 1 1 "$(ttl=29 syn4 "$linux_options")" "$(ttl=65 syn4 "$linux_options")"
}
orders()
{
	judges "$linux" passes "$(syn4 0402020405b4080a00000001000000000103030a)" "$(syn4 020405b40402080a000000010000000003030a01)" \
		"$(syn4 "${linux_options}01010101")" "$(syn4 020405b4)" "$(syn4 '')"
}
numbers_of_options()
{
	judges "${linux/:\*:/:1460:}" all_are 1 1 "$(syn4 "$linux_options")" "$(window=28000 syn4 "02040578${linux_options:8}")" &&
		judges "$linux" passes "$(syn4 "${linux_options%0a}09")" && judges "${linux/,10/,\*}" matches "$(syn4 "${linux_options%0a}09")"
}
windows()
{
	judges "${linux/mss\*20/29200}" all_are 1 1 "$(syn4 "$linux_options")" "$(window=29201 syn4 "$linux_options")" &&
		judges "${linux/mss\*20/%8192}" all_are 2 1 "$(window=8192 syn4 "$linux_options")" "$(window=57344 syn4 "$linux_options")" \
			"$(window=8193 syn4 "$linux_options")" &&
		judges "${linux/mss\*20/mtu\*4}" all_are 1 1 "$(window=6000 syn4 "$linux_options")" "$(window=5840 syn4 "$linux_options")" &&
		judges "$linux" passes "$(window=29199 syn4 "$linux_options")" "$(window=27740 syn4 "$linux_options")" "$(window=30000 syn4 "$linux_options")" &&
		judges "${linux/mss\*20/\*}" matches "$(window=1 syn4 "$linux_options")" "$(window=0 syn4 "$linux_options")"
}
# With a time, an MSS that is 12 less; and Ethernet's, whatever was told.
windows_of_another_mss()
{
	judges "$linux" matches "$(window=$((1448 * 20)) syn4 "$linux_options")" "$(window=29200 syn4 "02040578${linux_options:8}")" &&
		judges '*:64:0:1400:mss*20,0:mss:df,id+:0' all_are 1 1 "$(window=28000 syn4 02040578)" "$(window=$((1388 * 20)) syn4 02040578)"
}
# quirk NAME PACKET: it has this one beside those of Linux, and none else.
quirk() { judges "${linux%:0},$1:0" matches "$2" && judges "$linux" passes "$2"; }
quirks()
{
	judges "$linux" passes "$(fragment4='' syn4 "$linux_options")" "$(id4=0 syn4 "$linux_options")" &&
		judges "${linux/df,id+/df}" matches "$(id4=0 syn4 "$linux_options")" &&
		judges "${linux/df,id+/id-}" matches "$(fragment4=0 id4=0 syn4 "$linux_options")" &&
		judges "${linux/df,id+/}" matches "$(fragment4=0 syn4 "$linux_options")" || return
	quirk ecn "$(flags=0xc2 syn4 "$linux_options")" && quirk ecn "$(tos=2 syn4 "$linux_options")" && quirk 0+ "$(fragment4=0xc000 syn4 "$linux_options")" &&
		quirk seq- "$(sequence=0 syn4 "$linux_options")" && quirk ack+ "$(acknowledged=0x100 syn4 "$linux_options")" &&
		quirk uptr+ "$(urgent=1 syn4 "$linux_options")" && quirk urgf+ "$(flags=0x22 syn4 "$linux_options")" &&
		quirk pushf+ "$(flags=0xa syn4 "$linux_options")" && quirk ts1- "$(syn4 "${linux_options/00000001/00000000}")" &&
		quirk ts2+ "$(syn4 "${linux_options/000000010000/000000010001}")" && quirk flow "$(flow6=1 syn6 "$linux_options")" &&
		quirk ecn "$(flow6=0x100000 syn6 "$linux_options")" &&
		judges "${linux/,10/,15}" passes "$(syn4 "${linux_options%0a}0f")" && judges '*:64:0:*:mss*20,15:mss,sok,ts,nop,ws:df,id+,exws:0' \
		matches "$(syn4 "${linux_options%0a}0f")"
}
ends_of_options()
{
	local mac='*:64:0:*:*,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0' options=020405b4010303060101080a00000001000000000402
	judges "$mac" matches "$(syn4 "${options}0000")" && passes "$(syn4 "${options}0001")" "$(syn4 "${options}000000000000")" "$(syn4 "${options}0101")" &&
		judges "${mac/df,/df,opt+,}" passes "$(syn4 "${options}0000")" && judges '*:64:0:*:*,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+,opt+:0' \
		matches "$(syn4 "${options}0001")"
}
bad_options()
{
	judges '*:64:0:*:*,0:mss,nop:df,id+,bad:0' passes "$(syn4 020405b401010101)" && judges '*:64:0:1460:*,0:mss,?254:df,id+,bad:0' \
		matches "$(syn4 020405b4fe000101)" "$(syn4 020405b4fe010101)" "$(syn4 020405b4fe050101)" "$(syn4 020405b4feff0101)" &&
		passes "$(syn4 020405b4fe040101)" && judges '*:64:0:1460:*,0:mss,?254:df,id+:0' matches "$(syn4 020405b4fe040101)" &&
		judges '*:64:0:1460:*,0:mss:df,id+,bad:0' matches "$(syn4 020305b4)" && passes "$(syn4 020405b4)"
}
most_options()
{
	local nops
	nops=$(printf 'nop,%.0s' {1..24})
	judges "*:64:0:0:*,0:${nops%,}:df,id+:0" matches "$(syn4 "$(printf '01%.0s' {1..24})")" && passes "$(syn4 "$(printf '01%.0s' {1..20})")" \
		"$(syn4 "$(printf '01%.0s' {1..28})")" && judges "*:64:0:0:*,0:${nops%,}:df,id+,bad:0" matches "$(syn4 "$(printf '01%.0s' {1..28})")" &&
		judges '*:64:0:0:*,0::df,id+:0' matches "$(syn4 '')" && passes "$(syn4 00000000)"
}
payloads()
{
	judges "$linux" all_are 1 1 "$(syn4 "$linux_options")" "$(syn4 "$linux_options" 00)" && judges "${linux%0}+" all_are 1 1 "$(syn4 "$linux_options" 00)" \
		"$(syn4 "$linux_options")" && judges "${linux%0}*" matches "$(syn4 "$linux_options" 00)" "$(syn4 "$linux_options")"
}
options_of_ip() { judges "$linux" passes "$(options4=01010101 syn4 "$linux_options")" && judges "${linux/:0:/:4:}" matches "$(options4=01010101 syn4 "$linux_options")"; }
other_packets()
{
	judges "$linux" passes "$(flags=0x12 syn4 "$linux_options")" "$(flags=0x10 syn4 "$linux_options")" "$(flags=6 syn4 "$linux_options")" \
		"$(flags=3 syn4 "$linux_options")" "$(fragment4=0x6000 syn4 "$linux_options")" "$(fragment4=0x4001 syn4 "$linux_options")" \
		"$(fragment4=0x4000 ip4 17 "$(syn "$linux_options")")" "$(ip6 44 "$(fragment6 6 8 "$(syn "$linux_options")")")"
}
cut_packets()
{
	judges "$linux" passes "$(cut 59 "$(syn4 "$linux_options")")" "$(cut 40 "$(syn4 "$linux_options")")" "$(length4=59 syn4 "$linux_options")" \
		"$(tcp_words=4 syn4 "$linux_options")" "$(length6=39 syn6 "$linux_options")" && matches "$(syn6 "$linux_options")"
}
lowest_counts()
{
	only "${linux/mss\*20/\*}" && map "$pins/signatures" set 1 "$linux" && map "$pins/signatures" set 63 "${linux/64/128}" &&
		map "$pins/packets" set 0 0 && map "$pins/packets" set 1 0 && matches "$(syn4 "$linux_options")" "$(window=1 syn4 "$linux_options")" \
			"$(ttl=120 syn4 "$linux_options")" && map "$pins/signatures" set 63 none &&
		same "$(map "$pins/packets" get 0) $(map "$pins/packets" get 1) $(map "$pins/packets" get 63)" '2 0 1'
}
kept()
{
	local signature
	for signature in $linux none '4:128-:8:1460:%8192,*:mss,nop,?254,sack,eol+2:df,id-,ecn,0+,seq-,ack+,ack-,uptr+,urgf+,pushf+,ts1-,ts2+,opt+,exws,bad:+' \
		'6:255:0:0:mtu*4,14::flow:*' '*:1:0:65535:0,0:nop::0' '*:64:0:*:*,*:?0,?0,ws::0'; do
		only "$signature" && same "$(map "$pins/signatures" get 0)" "$signature" || return
	done
}
refused()
{
	local signature
	for signature in x "5${linux#?}" "${linux/64/0}" "${linux/64/256}" "${linux/64/200+56}" "${linux/:0:/:-1:}" "${linux/mss\*20/mss\*0}" "${linux/mss\*20/%1}" \
		"${linux/,10/}" "${linux/,nop/,pon}" "${linux/nop/eol+1}" "${linux/id+/id}" "${linux%0}1" "$linux:0" "4:64:0:0:0,0::flow:0" "6${linux#?}"; do
		ends 1 "value \"$signature\" is not a signature of p0f, such as " map "$pins/signatures" set 0 "$signature" || return
	done
}
in_a_rule()
{
	local from=mss,sok,ts,nop,ws
	only "*:64:0:*:mss*20,10:$from::0" && rule_counts "$1" 1 6 "$(syn "$linux_options")" "$(window=29201 syn "$linux_options")" \
		"$(flags=0x12 syn "$linux_options")"
}

example_begin tcp_fingerprint -- "$@"
ktap_plan 20
check "Linux, with whatever MSS" linux_matches
check "of one version of IP" versions
check "a TTL as it is at first, or after 35 routers" ttls
check "options in another order, or others" orders
check "numbers in options, if they count" numbers_of_options
check "windows, and multiples" windows
check "windows that are multiples of another MSS" windows_of_another_mss
check "each habit, and no other" quirks
check "what comes behind the end of options" ends_of_options
check "options of lengths that cannot be" bad_options
check "no options, and as many as can be" most_options
check "payload, if it counts" payloads
check "options of IP" options_of_ip
check "what opens no connection, and fragments" other_packets
check "headers that are not all there" cut_packets
check "the signature with the lowest number counts" lowest_counts
check "without signatures nothing matches" judges none passes "$(syn4 "$linux_options")" "$(syn4 '')"
check "signatures are kept as they are written" kept
check "what is none is refused" refused
check "a rule counts them" each in_a_rule
ktap_end
