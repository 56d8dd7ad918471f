#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Matches in nft's own tables are observed in every family that takes any: what each said and of which rule, and which program
# it ran.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/match.sh
. ../lib/trace_kernel.sh

make_pair
load_ours
pin match_all all
pin match_none none
all=$(program_id all) none=$(program_id none)

# said NAME: the walks through the rules' table, without numbers of rules that are reported, which nf_tables has not.
said() { walks "$1" ' table=selftest ' | sed 's/:0\b//g'; }

ktap_plan 16
for family in ip ip6 inet bridge; do
	to=192.0.2.2 udp=$(filter_ipv4 17)
	[ $family != ip6 ] || to=2001:db8::2 udp=$(filter_ipv6 17)
	[ $family != bridge ] || make_bridge
	in_right "$trace_bin/nft_rule" $family 1 "path=$pin_dir/none" -- "path=$pin_dir/all" -- "code=$code_none"
	trace_start session -f "$udp" -B n -b 0
	in_left "$trace_bin/udp_send" -n 1 $to 9
	trace_stop session
	check "$family: what each match said, of which rule, by which program" same "$(said session)" \
		"1.0-@$none,2.0+@$all hook1:rule 3.0- hook1:policy"
	check "$family: the packet's walk is said to be observed" same "$(observed_walks session ' table=selftest ')" "1 of 1"
	check "$family: every match is counted" same "$(stat_of session matches)" 3
	check "$family: each event is numbered" whole session
	drop_rules
done
ktap_end
