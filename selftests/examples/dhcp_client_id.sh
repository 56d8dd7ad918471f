#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dhcp_client_id: messages of the clients in its maps match, and those of clients with similar identifiers do not.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
. ../lib/packets.sh
. ../lib/examples.sh
pins=/sys/fs/bpf/examples

id=01525400123456
duid=00030001525400123456

# dhcp4 OPTIONS: a message without its end; cookie. option4 CODE CONTENTS, option6 CODE CONTENTS. said: the length it says.
dhcp4() { printf '01010600%s%s%s' "$(zeros 232)" "${cookie:-63825363}" "$1"; }
option4() { printf '%02x%02x%s' "$1" $((${said:-${#2} / 2})) "$2"; }
option6() { printf '%04x%04x%s' "$1" $((${said:-${#2} / 2})) "$2"; }
# dhcp6 OPTIONS: a message; type.
dhcp6() { printf '%02xabcdef%s' "${type:-1}" "$1"; }

asks4() { udp 68 67 "$(dhcp4 "350101$(option4 61 "$1")ff")"; }
asks6() { udp 546 547 "$(dhcp6 "$(option6 1 "$1")$(option6 6 00170018)")"; }
four() { ip4 17 "$(udp 68 67 "$(dhcp4 "$1")")"; }
six() { ip6 17 "$(udp 546 547 "$(dhcp6 "$1")")"; }

in_a_rule()
{
	if [[ $1 == ip6* ]]; then
		rule_counts "$1" 1 17 "$(asks6 "$duid")" "$(asks6 "${duid}00")" "$(asks4 "$id")"
	else
		rule_counts "$1" 1 17 "$(asks4 "$id")" "$(asks4 "${id}00")" "$(asks6 "$duid")"
	fi
}

each_counts()
{
	map "$program" --map clients4 set '01 52:54:00:12:34:56' 0 && map "$program" --map clients6 set "$duid" 0 &&
		matches "$(ip4 17 "$(asks4 "$id")")" "$(ip6 17 "$(asks6 "$duid")")" "$(ip6 17 "$(asks6 "$duid")")" &&
		same "$(map "$program" --map clients4 get "$id") $(map "$program" --map clients6 get "$duid")" '1 2'
}

cut_messages()
{
	only_whole_matches $((20 + 8 + 240 + 3 + 9)) "$(ip4 17 "$(asks4 "$id")")" && only_whole_matches $((40 + 8 + 4 + 14)) "$(ip6 17 "$(asks6 "$duid")")"
}

longest=$(printf 'a7%.0s' {1..63})
pads=$(zeros 60)
example_begin dhcp_client_id -- "$@"
map "$program" --map clients4 set '01 52:54:00:12:34:56' 0
map "$program" --map clients4 set "$longest" 0
map "$program" --map clients6 set "$duid" 0
map "$program" --map clients6 set "$longest" 0
ktap_plan 16
check "a client of the map" matches "$(ip4 17 "$(asks4 "$id")")" "$(ip6 17 "$(asks6 "$duid")")"
check "similar ones" passes "$(ip4 17 "$(asks4 01525400123457)")" "$(ip4 17 "$(asks4 "${id}00")")" "$(ip4 17 "$(asks4 015254001234)")" \
	"$(ip4 17 "$(asks4 525400123456)")" "$(ip6 17 "$(asks6 00030001525400123457)")" "$(ip6 17 "$(asks6 "${duid}00")")" "$(ip6 17 "$(asks6 "${duid#00}")")"
check "each family has its own map" passes "$(ip4 17 "$(asks4 "$duid")")" "$(ip6 17 "$(asks6 "$id")")"
check "identifiers as long as can be" matches "$(ip4 17 "$(asks4 "$longest")")" "$(ip6 17 "$(asks6 "$longest")")"
check "longer ones, and none" passes "$(ip4 17 "$(asks4 "${longest}a7")")" "$(ip6 17 "$(asks6 "${longest}a7")")" "$(ip4 17 "$(asks4 '')")" \
	"$(ip6 17 "$(asks6 '')")" "$(four 350101ff)" "$(six "$(option6 6 0017)")" "$(four '')" "$(six '')"
check "between other options, and pads" matches "$(four "0000350101$(option4 55 0103060f)$pads$(option4 61 "$id")ff")" \
	"$(six "$(option6 3 "$(zeros 12)")$(option6 1 "$duid")$(option6 8 0000)")" "$(four "$(option4 12 ff3d)$(option4 61 "$id")")"
check "bytes of another option that look like it" passes "$(four "$(option4 12 "$(option4 61 "$id")")ff")" "$(six "$(option6 16 "$(option6 1 "$duid")")")" \
	"$(four "35$(option4 61 "$id")ff")"
check "behind the end of the options" passes "$(four "350101ff$(option4 61 "$id")")"
check "the first of two counts" all_are 2 2 "$(four "$(option4 61 "$id")$(option4 61 00)")" "$(six "$(option6 1 "$duid")$(option6 1 00)")" \
	"$(four "$(option4 61 00)$(option4 61 "$id")")" "$(six "$(option6 1 00)$(option6 1 "$duid")")"
check "behind 127 other options, and behind too many" all_are 2 2 "$(four "$(zeros 127)$(option4 61 "$id")")" \
	"$(six "$(for _ in {1..127}; do option6 8 ''; done)$(option6 1 "$duid")")" "$(four "$(zeros 128)$(option4 61 "$id")")" \
	"$(six "$(for _ in {1..128}; do option6 8 ''; done)$(option6 1 "$duid")")"
check "a message that is none" passes "$(ip4 17 "$(udp 68 67 "$(cookie=63825364 dhcp4 "$(option4 61 "$id")")")")" \
	"$(ip4 17 "$(udp 68 67 "$(option4 61 "$id")")")" "$(ip6 17 "$(udp 546 547 "$(type=12 dhcp6 "$(option6 1 "$duid")")")")" \
	"$(ip6 17 "$(udp 546 547 "$(type=13 dhcp6 "$(option6 1 "$duid")")")")" "$(ip4 6 "$(asks4 "$id")")"
check "an option that says that it is longer than the message" passes "$(four "$(said=8 option4 61 "$id")")" "$(six "$(said=11 option6 1 "$duid")")" \
	"$(four "$(said=255 option4 12 00)$(option4 61 "$id")")" "$(six "$(said=65535 option6 6 00)$(option6 1 "$duid")")"
check "messages that are cut" cut_messages
check "ones that their own lengths cut, and later fragments" passes "$(length4=279 ip4 17 "$(asks4 "$id")")" "$(length6=25 ip6 17 "$(asks6 "$duid")")" \
	"$(ip4 17 "$(udp_length=100 asks4 "$id")")" "$(fragment4=30 ip4 17 "$(asks4 "$id")")" "$(ip6 44 "$(fragment6 17 8 "$(asks6 "$duid")")")"
check "the maps count them" each_counts
check "a rule counts them" each in_a_rule
ktap_end
