#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A thousand rules and many packets from two CPUs: no rule is ever named wrongly, and each is named as often as its counter
# says. TRACE_PACKETS sets how many packets.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/thousand_rules.sh

make_pair
thousand_rules | in_right iptables-legacy-restore
rules=$(in_right iptables-legacy-save -t filter | grep -c '^-A')
thousand_traced
thousand_saved iptables-legacy-save >"$trace_dir/counted"
thousand_said "$rules"

ktap_plan 6
check "there are about a thousand rules" [ "$rules" -ge 990 ]
check "nothing is lost" thousand_nothing_lost
check "many rules were met" [ "$(wc -l <"$trace_dir/counted")" -gt 100 ]
check "each rule is named as often as it counted, with its own text" same "$(thousand_differences "$trace_dir/counted")" 0
check "no number had two texts, and no line was strange" same "$(xargs <"$trace_dir/strange")" "changed 0 other 0"
check "the ends of chains are the packets that no rule judged" same "$(thousand_policies)" \
	"$(in_right iptables-legacy-save -c -t filter | sed -n 's/^:INPUT DROP \[\([0-9]*\):.*/\1/p')"
ktap_end
