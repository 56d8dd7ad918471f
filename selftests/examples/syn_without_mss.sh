#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# syn_without_mss: SYN packets whose options do not tell a maximum segment size match, also where the match of iptables
# takes something else for it.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
. ../lib/packets.sh
. ../lib/examples.sh
pins=/sys/fs/bpf/examples

syn() { tcp 40000 443 "${flags:-2}" "$@"; }
ip4_syn() { ip4 6 "$(syn "$@")"; }
ip6_syn() { ip6 6 "$(syn "$@")"; }

in_a_rule()
{
	rule_counts "$1" 2 6 "$(syn '')" "$(syn 020405b4)" "$(syn 01010402)" "$(flags=0x12 syn '')" "$(flags=0x10 syn '')" || return
	ours "$1" -A OUTPUT -o lo -p tcp --syn -m tcp ! --tcp-option 2 && sent "$1" 6 "$(syn 00020405b4000000)" &&
		same "$(ours "$1" -vnxL OUTPUT 1 | awk '{ print $1; exit }')" 0 && "$1" -F &&
		rule_counts "$1" 1 6 "$(syn '00020405b4000000')"
}

counted()
{
	map "$program" set 0 0 && matches "$(ip4_syn '')" "$(ip6_syn '')" && passes "$(ip4_syn 020405b4)" && same "$(map "$program" get 0)" 2
}

example_begin syn_without_mss -- "$@"
ktap_plan 16
check "no options" matches "$(ip4_syn '')" "$(ip6_syn '')"
check "an MSS" passes "$(ip4_syn 020405b4)" "$(ip6_syn 020405b4)"
check "options of other kinds" matches "$(ip4_syn 0402080a000000010000000001030307)" "$(ip6_syn 01010402)"
check "an MSS behind other options" passes "$(ip4_syn 0402080a0000000100000000020405b4)" "$(ip4_syn 01010101fe0400000101020405b40000)"
check "an MSS as the last of 40 bytes, and as the first" passes "$(ip4_syn "$(printf '01%.0s' {1..36})020405b4")" "$(ip4_syn "020405b4$(printf '01%.0s' {1..36})")"
check "40 bytes without" matches "$(ip4_syn "$(printf '01%.0s' {1..40})")"
check "an MSS behind the end of the list is none" matches "$(ip4_syn 00020405b4000000)"
check "within another option neither" matches "$(ip4_syn fe08020405b400000101)" "$(ip4_syn 0101080a020405b4020405b4)"
check "one of another length neither" matches "$(ip4_syn 02030501)" "$(ip4_syn 020605b400000101)" "$(ip4_syn 02020101)"
check "one that the header is too short for neither" matches "$(ip4_syn 01010204)" "$(ip4_syn 01020405)"
check "behind a length that cannot be there are no options" matches "$(ip4_syn fe00020405b40101)" "$(ip4_syn fe01020405b40101)" \
	"$(ip4_syn feff020405b40101)"
check "ECN's flags make no difference" all_are 2 2 "$(flags=0xc2 ip4_syn '')" "$(flags=0x1c2 ip4_syn '')" "$(flags=0xc2 ip4_syn 020405b4)" \
	"$(flags=0x1c2 ip4_syn 020405b4)"
check "packets that do not open a connection" passes "$(flags=0x12 ip4_syn '')" "$(flags=0x10 ip4_syn '')" "$(flags=6 ip4_syn '')" \
	"$(flags=3 ip4_syn '')" "$(flags=0 ip4_syn '')" "$(ip4 17 "$(syn '')")"
check "headers that are not all there, or shorter than can be" passes "$(cut 39 "$(ip4_syn '')")" "$(cut 43 "$(ip4_syn 01010101)")" \
	"$(length4=43 ip4_syn 01010101)" "$(length6=23 ip6_syn 01010101)" "$(tcp_words=4 ip4_syn '')" "$(tcp_words=0 ip4_syn '')" \
	"$(tcp_words=15 ip4_syn '')" "$(fragment4=1 ip4_syn '')" "$(ip6 44 "$(fragment6 6 8 "$(syn '')")")"
check "the map counts them" counted
check "a rule counts them, also where --tcp-option is fooled" each in_a_rule
ktap_end
