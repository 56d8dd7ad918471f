#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --explain of nf_tables: over thousands of rules of iptables-nft, and of nft's own, exactly what a second evaluation, by other
# means, says of every packet. TRACE_PACKETS sets how many.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/explain.sh

packets=${TRACE_PACKETS:-60}
rules=3000

make_pair
routes_to_nobody

# traced: what is made of packets that were made, in walks.out.
traced()
{
	make packets -v packets="$packets" >"$trace_dir/packets"
	trace walks --explain --explain-budget 0 --format line -"$family" --table "$1" -c "$packets" "dst net $net"
	send
	trace_wait walks
}
# judged: "have" is what was wanted.
judged()
{
	check "$1: many rules were met, and more were passed" \
		test "$(grep -cE '^[^ ]+ [0-9]+$' "$trace_dir/have")" -ge $((packets * 10)) -a \
		"$(grep -c 'no match' "$trace_dir/want")" -ge $((packets * 20))
	check "$1: rules that matched, that did not, and why, are what they have to be" \
		first_differences "$trace_dir/want" "$trace_dir/have"
	check "$1: rules that matched are those that counted, as often" first_differences "$trace_dir/counted" <(rules_met)
	check "$1: nothing is lost" grep -q "^iptables-trace: $packets packets, .* nothing lost$" "$trace_dir/walks.err"
}

# native_names: of each rule of the table, its handle and the number in the chain; and each chain with one more than the last.
native_names()
{
	in_right nft -j list table $ip walks | jq -r '.nftables | map(.rule // empty) as $rules |
		($rules | group_by(.chain)[] | to_entries[] | "\(.value.handle) \(.key + 1)"),
		(.[].chain // empty | .name as $name | "\($name) \([$rules[] | select(.chain == $name)] | length + 1)")'
}
# by_number: lines of the trace with numbers in the place of handles, also of ends of chains, told apart as those of iptables are.
by_number()
{
	awk 'NR == FNR { number[$1] = $2; next }
		match($0, / handle [0-9]+: /) {
			handle = substr($0, RSTART + 8, RLENGTH - 10)
			rest = substr($0, RSTART + RLENGTH)
			if (rest ~ /^no match \(/) sub(/\): [^()]*$/, "): -A &", rest)
			else rest = "-A " rest
			$0 = substr($0, 1, RSTART) number[handle] ": " rest
		}
		match($0, / [^ ]+: (return from|policy) /) {
			chain = substr($0, RSTART + 1, RLENGTH - 1)
			sub(/:.*/, "", chain)
			sub(chain ": ", chain " " number[chain] ": ")
		}
		{ print }' <(native_names) "$trace_dir/walks.out" >"$trace_dir/numbered.out"
}
native_counters()
{
	in_right nft -j list table $ip walks | jq -r '.nftables | map(.rule // empty) | group_by(.chain)[] | to_entries[] |
		(.value.expr[] | .counter? // empty | .packets) as $packets | select($packets > 0) |
		"\($packets) \(.value.chain) \(.key + 1)"' | sort
}
rules_met() { grep -E '^[^ ]+ [0-9]+$' "$trace_dir/have" | grep -v '^packet ' | sort | uniq -c | awk '{ print $1, $2, $3 }' | sort; }

ktap_plan 16
for f in 4 6; do
	ip=ip
	[ $f = 4 ] || ip=ip6
	family nft $f
	quiet
	make rules -v flat=1 -v rules=$rules -v chains=50 | in_right "$tool-restore"
	traced raw
	make course -v observed=1 <"$trace_dir/packets" >"$trace_dir/want"
	courses walks >"$trace_dir/have"
	counted_rules >"$trace_dir/counted"
	judged "iptables-nft, IPv$f"
	in_right nft delete table $ip raw

	make rules -v native=1 -v flat=1 -v rules=$rules -v chains=50 | in_right nft -f -
	traced $ip:walks
	make course -v native=1 -v observed=0 <"$trace_dir/packets" >"$trace_dir/want"
	by_number
	courses numbered >"$trace_dir/have"
	native_counters >"$trace_dir/counted"
	judged "nft, IPv$f"
	in_right nft flush ruleset
done
ktap_end
