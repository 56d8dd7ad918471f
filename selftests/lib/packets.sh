# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Packets, sound or not, as hex digits: each function prints one part around the parts that it is given, so that
# "$(ip4 17 "$(udp 1000 53 "$payload")")" is a packet. Checksums are zero. What is seldom other than usual is told by a
# variable before the call: from4, to4, from6, to6, ttl, and the ones that the functions name. Source after ktap.sh.

hex8() { printf '%02x' "$1"; }
hex16() { printf '%04x' "$1"; }
hex32() { printf '%08x' "$1"; }
text_hex() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }
bytes_in() { echo $((${#1} / 2)); }
# zeros N: that many bytes.
zeros() { printf '%0*d' $(($1 * 2)) 0; }

# ip4 PROTOCOL PAYLOAD. options4: in hex, whole words. fragment4: flags and offset, a word. length4: other than it is.
ip4()
{
	local options=${options4:-} header
	header=$((20 + ${#options} / 2))
	printf '4%x%02x%04x%04x%04x%02x%02x0000%s%s%s%s' $((header / 4)) $((${tos:-0})) \
		$((${length4:-header + ${#2} / 2})) $((${id4:-0x1234})) $((${fragment4:-0})) $((${ttl:-64})) "$1" \
		"${from4:-c0000201}" "${to4:-c0000202}" "$options" "$2"
}

# ip6 NEXT PAYLOAD. length6, flow6 (traffic class and flow label).
ip6()
{
	printf '6%07x%04x%02x%02x%s%s%s' $((${flow6:-0})) $((${length6:-${#2} / 2})) "$1" $((${ttl:-64})) \
		"${from6:-20010db8000000000000000000000001}" "${to6:-20010db8000000000000000000000002}" "$2"
}

# options6 NEXT WORDS PAYLOAD: an extension header of 8 * (WORDS + 1) bytes, as hop-by-hop (0), routing (43) and
# destination options (60) are. fragment6 NEXT WORD PAYLOAD: a fragment header (44). auth6 NEXT WORDS PAYLOAD: authentication
# (51) of 4 * (WORDS + 2) bytes.
options6() { printf '%02x%02x0104%s%s' "$1" "$2" "$(zeros $(($2 * 8 + 4)))" "$3"; }
fragment6() { printf '%02x00%04x00001234%s' "$1" $(($2)) "$3"; }
auth6() { printf '%02x%02x0000%s%s' "$1" "$2" "$(zeros $(($2 * 4 + 4)))" "$3"; }

# udp FROM TO PAYLOAD. udp_length: other than it is.
udp() { printf '%04x%04x%04x0000%s' "$1" "$2" $((${udp_length:-8 + ${#3} / 2})) "$3"; }

# tcp FROM TO FLAGS OPTIONS [PAYLOAD]: FLAGS as the lower bits of the header have them (SYN is 2). tcp_words: the header's
# length in words. sequence, acknowledged, window, urgent.
tcp()
{
	printf '%04x%04x%08x%08x%x%03x%04x0000%04x%s%s' "$1" "$2" $((${sequence:-1})) $((${acknowledged:-0})) \
		$((${tcp_words:-5 + ${#4} / 8})) $(($3)) $((${window:-64240})) $((${urgent:-0})) "$4" "${5:-}"
}

# cut N PACKET: its first N bytes. every_cut PACKET: all of its beginnings that have the whole of an IP header, but not all of it.
cut() { echo "${2:0:$(($1 * 2))}"; }
ip_header() { [[ $1 == 6* ]] && echo 40 || echo 20; }
every_cut()
{
	local i
	for ((i = $(ip_header "$1") * 2; i < ${#1}; i += 2)); do echo "${1:0:$i}"; done
}

# write_capture FILE PACKET...: a capture file of them, without link headers.
write_capture()
{
	local packet size little digits=d4c3b2a1020004000000000000000000ffff000065000000
	for packet in "${@:2}"; do
		size=$(hex32 $((${#packet} / 2)))
		little=${size:6:2}${size:4:2}${size:2:2}${size:0:2}
		digits+=0000000000000000$little$little$packet
	done
	printf %b "$(printf %s "$digits" | sed 's/../\\x&/g')" >"$1"
}
