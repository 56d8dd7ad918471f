# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # variables of ext.sh and tool.sh
#
# What tests of the example programs share. Source after ktap.sh, ext.sh, tool.sh and packets.sh, and set $pins.

# example_begin OBJECT [PROGRAM...] -- "$@": instead of in_own_namespaces. Loads the object and pins its programs, by default
# the one of its name, with their maps, in $pins.
example_begin()
{
	local object=$1 name share=
	local -a names=()
	shift
	while [ "$1" != -- ]; do names+=("$1"); shift; done
	shift
	tool_begin "$@"
	object_file=${BUILD_DIR:-}/bpf-progs/examples/$object.bpf.o
	[ -n "${BUILD_DIR:-}" ] || object_file=/usr/lib/iptables-ebpf/examples/$object.bpf.o
	program=$pins/${names[0]:-$object}
	for name in "${names[@]:-$object}"; do
		iptables-bpf load "$object_file" --program "$name" ${share:+"$share"} "$pins/$name" >"$files/load" 2>&1 || {
			diag <"$files/load"
			exit 1
		}
		share=--share-maps
	done
}

map() { iptables-bpf map "$@"; }

# judgements PACKET...: what $program says of them, one line each.
judgements()
{
	write_capture "$files/packets.pcap" "$@"
	iptables-bpf test --pcap "$files/packets.pcap" "$program"
}

# all_are N M PACKET...: of the packets, N match and M do not.
all_are()
{
	local said
	said=$(judgements "${@:3}")
	[[ $(tail -n 1 <<<"$said") == "$1 match, $2 do not, 0 cannot be told" ]] || {
		printf '%s\nwant: %s match, %s do not\n' "$said" "$1" "$2"
		return 1
	}
}

matches() { all_are $# 0 "$@"; }
passes() { all_are 0 $# "$@"; }

# only_whole_matches N PACKET: the packet matches, and its beginnings of N bytes and more, but no shorter one, whatever its
# headers say of its length.
only_whole_matches()
{
	local -a cuts
	local size=$((${#2} / 2)) header
	header=$(ip_header "$2")
	mapfile -t cuts < <(every_cut "$2")
	all_are $((size - $1)) $(($1 - header)) "${cuts[@]}" && passes "${cuts[@]:0:$(($1 - header))}" && matches "$2"
}

# sent TOOL PROTOCOL PAYLOAD...: packets to this machine itself, of TOOL's family, one of each payload.
sent()
{
	local from=${from_address:-192.0.2.1} to=127.0.0.1 payload
	[[ $1 != ip6* ]] || from=${from_address6:-2001:db8::1} to=::1
	for payload in "${@:3}"; do "$bin_dir/send_packet" "$from" "$to" "$2" "$payload" || return; done
}

# rule_counts TOOL WANT PROTOCOL PAYLOAD...: a rule of TOOL with $program counts WANT of these packets.
rule_counts()
{
	local counted
	ours "$1" -A OUTPUT -o lo -p "$3" -m bpf --object-pinned "$program" && sent "$1" "${@:3}" || return
	counted=$(ours "$1" -vnxL OUTPUT 1 | awk '{ print $1; exit }')
	"$1" -F && same "$counted" "$2"
}
