#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iptables-bpf map: entries are written and read by their types, and a rule's own maps are found by the rule.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
pins=/sys/fs/bpf/tool

map() { iptables-bpf map "$@"; }
entries() { same "$(map "$1" list | LC_ALL=C sort | xargs -d '\n')" "$2"; }

# kept MAP KEY VALUE [AS]: is read as it was set, and gone when it is deleted.
kept()
{
	map "$pins/$1" set "$2" "$3" && same "$(map "$pins/$1" get "$2")" "${4:-$3}" && map "$pins/$1" del "$2" &&
		ends 1 "map $1 has no key " map "$pins/$1" get "$2" && entries "$pins/$1" ''
}

structs() { kept four 192.0.2.0/24 '{number=-5,mac=01 02 03 04 05 06,name=hello,peer={from=10.0.0.1,port=80}}'; }
zero_if_not_named()
{
	kept four 192.0.2.0/24 'name=x' '{number=0,mac=00 00 00 00 00 00,name=x,peer={from=0.0.0.0,port=0}}'
}

# As bpftool sees it, which knows no types of the network.
bytes_are_right()
{
	map $pins/four set 192.0.2.0/24 'peer={port=258}' && map $pins/sources set 10.0.0.1 -2 || return
	says '"0xc0","0x00","0x02","0x00"' bpftool -j map dump pinned $pins/four &&
		says '"0x01","0x02"' bpftool -j map dump pinned $pins/four &&
		says '"0x0a","0x00","0x00","0x01"' bpftool -j map dump pinned $pins/sources
	local status=$?
	map $pins/four del 192.0.2.0/24 && map $pins/sources del 10.0.0.1
	return $status
}

domain_names()
{
	kept names . '{from=1,text=}' && kept names 'a\.b.c\032\255' '{from=1,text=}' &&
		kept names xn--bcher-kva.example '{from=1,text=}' &&
		map $pins/names set WWW.Example.com. from=7 && same "$(map $pins/names list)" 'www.example.com  {from=7,text=}' &&
		says '"0x03","0x77","0x77","0x77","0x07","0x65"' bpftool -j map dump pinned $pins/names && map $pins/names del www.example.com
}

no_domain_names()
{
	local name
	for name in .. .a a..b "$(printf 'a%.0s' {1..31})" 1234567.1234567.1234567.1234567 "a\\" 'a\25' 'a\256'; do
		ends 1 "\"$name\" is not a domain name that fits it, which map names has as its keys" map $pins/names get "$name" || return
	done
	kept names "$(printf 'a%.0s' {1..30})" '{from=0,text=}'
}

no_bytes()
{
	ends 1 'is not at most 8 bytes in hexadecimal' map $pins/identifiers get 010203040506070809 &&
		ends 1 'is not at most 8 bytes in hexadecimal' map $pins/identifiers get 012
}

no_text()
{
	local text
	for text in 123456789 '\y00' '\x0' '\xg0'; do ends 1 'is not from=...,text=...' map $pins/names set a "text=$text" || return; done
}

lists_all()
{
	map $pins/six set 2001:db8::/32 1 && map $pins/six set ::1 2 && entries $pins/six '2001:db8::/32  1 ::1/128  2' &&
		map $pins/six del ::1 && map $pins/six del 2001:db8::/32
}

# Two packets, and one value for each CPU.
per_cpu_is_added_up()
{
	map $pins/packets set 0 0 && add iptables-legacy --object-pinned $pins/typed && judged iptables-legacy >/dev/null || return
	iptables-legacy -F
	same "$(map $pins/packets get 0)" 2 && map $pins/packets set 1 5 || return
	local cpus
	cpus=$(bpftool -j map lookup pinned $pins/packets key 1 0 0 0 | jq '.values | length')
	same "$(map $pins/packets get 1)" $((5 * cpus))
}

# place TOOL: of the second rule of OUTPUT.
place()
{
	local family=ip nft=
	[[ $1 != ip6* ]] || family=ip6
	[[ $1 != *nft ]] || nft=nft:
	echo "$nft$family:filter:OUTPUT:2"
}

by_rule()
{
	ours "$1" -A OUTPUT -p udp && add "$1" --object-pinned $pins/typed && map "$(place "$1")" --map sources set 10.0.0.9 4 &&
		same "$(map $pins/sources get 10.0.0.9)" 4 && map $pins/sources del 10.0.0.9
}

# Nothing else leads to the maps of an object that a rule has loaded.
by_rule_of_an_object()
{
	ours "$1" -A OUTPUT -p udp && add "$1" --object-file "$bpf_dir/typed_maps.bpf.o" &&
		map "$(place "$1")" --map sources set 10.0.0.9 4 &&
		same "$(map "$(place "$1")" --map sources list)" '10.0.0.9  4'
}

# The program decides by what the map says: none at first.
judgement_changes()
{
	local where
	where=$(place "$1")
	ours "$1" -A OUTPUT -p udp && add "$1" --object-pinned $pins/typed && same "$(judged "$1" 2)" 0 &&
		map "$where" --map sources set 0.0.0.0 1 && same "$(judged "$1" 2)" 2 && map "$where" --map sources del 0.0.0.0
}

no_maps()
{
	add iptables-legacy --expression udp && ends 1 'rule ip:filter:OUTPUT:1 runs bytecode, which has no maps' map ip:filter:OUTPUT:1 list
	local status=$?
	iptables-legacy -F
	return $status
}

refused() { ends "$1" "$2" map "${@:3}"; }

tool_begin "$@"
iptables-bpf load "$bpf_dir/typed_maps.bpf.o" $pins/typed >/dev/null
bpftool map create $pins/untyped type hash key 4 value 2 entries 3 name untyped
bpftool map create $pins/events type perf_event_array key 4 value 4 entries 2 name events

ktap_plan 35
check "structs, in structs, with each kind of member" structs
check "members that are not named are zero" zero_if_not_named
check "prefixes of IPv6" kept six 2001:db8::/32 255
check "an address stands for its whole length" kept four 192.0.2.1 '{number=1,mac=00 00 00 00 00 00,name=,peer={from=0.0.0.0,port=0}}'
check "addresses, and numbers with a sign" kept sources 10.0.0.1 -2147483648
check "bytes without a type" kept untyped '01 02 03 04' 'ff 00'
check "names of domains, whatever their case" domain_names
check "what is none, or too long, is no key" no_domain_names
check "bytes of which only some count" kept identifiers '01 52 54 00' 1
check "all of them" kept identifiers '01 02 03 04 05 06 07 08' 2
check "more than there is room for, or half a byte" no_bytes
check "text of which only some counts, with any character" kept names a '{from=3,text=GET \x2c\x0d\x7b}'
check "text that is too long, or no escape" no_text
check "bytes are in the order of the program" bytes_are_right
check "all entries are listed" lists_all
check "values of each CPU are added up" per_cpu_is_added_up
check "the maps of a rule are found by its place" each by_rule
for tool in "${tools[@]}"; do "$tool" -F; done
check "those of its object too" each by_rule_of_an_object
for tool in "${tools[@]}"; do "$tool" -F; done
check "a live rule judges by what is set" each judgement_changes
for tool in "${tools[@]}"; do "$tool" -F; done
check "a rule of bytecode has none" no_maps
check "several maps: one has to be named" refused 1 'choose one by --map, of ' $pins/typed list
check "a map that is not the program's" refused 1 'has no map none; it has ' $pins/typed --map none list
check "a rule that is not there" refused 1 'there is no rule ip:filter:OUTPUT:9 with -m bpf' ip:filter:OUTPUT:9 list
check "what is neither pin nor rule" refused 1 'is neither the path of a pin nor a rule' OUTPUT:9 list
check "a pin that is not there" refused 1 "$pins/none: nothing is pinned there" $pins/none list
check "a map without entries" refused 1 'of type perf_event_array, whose entries are no data' $pins/events list
check "a key of another type" refused 1 'key "7" is not ADDRESS/LENGTH, which map four has as its keys' $pins/four get 7
check "a prefix that is too long" refused 1 'is not ADDRESS/LENGTH' $pins/four get 192.0.2.0/33
check "a number that does not fit" refused 1 'value "256" is not a number of 8 bits' $pins/six set ::1 256
check "a text that does not fit" refused 1 'is not number=...,mac=...,name=...,peer=...' $pins/four set 192.0.2.0/24 name=12345678
check "a member that is not there" refused 1 'is not number=' $pins/four set 192.0.2.0/24 nmae=x
check "an array that is shorter" refused 1 'or an array that is shorter' $pins/packets set 9 1
check "an array keeps its entries" refused 1 'an array keeps all of its entries' $pins/packets del 1
check "arguments that an action does not take" refused 2 'list takes no KEY (see iptables-bpf map --help)' $pins/six list 7
check "it is root's alone" ends 3 'try sudo' as_nobody iptables-bpf map $pins/six list
ktap_end
