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

# judged WHAT: what was made of them is what was wanted.
judged()
{
	diag <<<"$1: $(tail -n 1 "$trace_dir/walks.said"), of $(wc -l <"$trace_dir/walks.met") rules"
	check "$1: many rules were met, and more were passed" \
		test "$(said walks matched)" -ge $((packets * 10)) -a "$(said walks passed)" -ge $((packets * 20))
	check "$1: rules that matched, that did not, and why, are what they have to be" all_right walks "$packets"
	check "$1: rules that matched are those that counted, as often" first_differences "$trace_dir/counted" "$trace_dir/walks.met"
	check "$1: nothing is lost" grep -q "^iptables-trace: $packets packets, .* nothing lost$" "$trace_dir/walks.err"
}

# native_handles: of each rule of the table, its handle and the number in the chain; and each chain with one more than the last.
native_handles()
{
	in_right nft -j list table $ip walks | jq -r '.nftables | map(.rule // empty) as $rules |
		($rules | group_by(.chain)[] | to_entries[] | "\(.value.handle) \(.key + 1)"),
		(.[].chain // empty | .name as $name | "\($name) \([$rules[] | select(.chain == $name)] | length + 1)")'
}
native_counters()
{
	in_right nft -j list table $ip walks | jq -r '.nftables | map(.rule // empty) | group_by(.chain)[] | to_entries[] |
		(.value.expr[] | .counter? // empty | .packets) as $packets | select($packets > 0) |
		"\($packets) \(.value.chain) \(.key + 1)"' | sort
}

ktap_plan 16
for f in 4 6; do
	ip=ip
	[ $f = 4 ] || ip=ip6
	family nft $f
	quiet
	make rules -v flat=1 -v rules=$rules -v chains=50 | in_right "$tool-restore"
	walk raw -v observed=1
	counted_rules raw >"$trace_dir/counted"
	judged "iptables-nft, IPv$f"
	in_right nft delete table $ip raw

	make rules -v native=1 -v flat=1 -v rules=$rules -v chains=50 | in_right nft -f -
	native_handles >"$trace_dir/handles"
	walk $ip:walks -v native=1 -v handles="$trace_dir/handles" -v observed=0
	native_counters >"$trace_dir/counted"
	judged "nft, IPv$f"
	in_right nft flush ruleset
done
ktap_end
