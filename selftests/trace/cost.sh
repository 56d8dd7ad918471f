#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --cost shows what each rule took, in every format, live and recorded; --dearest names the rules that took the most. That it is
# the rules' own time is for trace_kernel/cost.sh to show.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/trace.sh

make_pair
load_ours
pin match_slow slow
rules()
{
	in_right "$1-restore" <<-END
		*filter
		-A INPUT -p udp -m udp --dport 2001
		-A INPUT -p udp -m mark --mark 0x1
		-A INPUT -p udp -m bpf --object-pinned $pin_dir/slow
		-A INPUT -p udp -m udp --dport 2001 -j DROP
		COMMIT
	END
}
# recorded NAME FILTER: what jq's filter makes of all its objects together.
recorded() { jq -sc "$2" "$trace_dir/$1.out"; }
replayed() { iptables-trace --color never --read "$trace_dir/recording.out" "$@" 2>"$trace_dir/replayed.err"; }

ktap_plan 18
rules iptables-legacy
trace tree --cost --table filter -c 1 'udp dst port 2001'
trace recording --cost --format json --table filter -c 25 'udp dst port 2001'
trace dearest --dearest 2 --format line --table filter -c 25 'udp dst port 2001'
trace plain --format json --table filter -c 25 'udp dst port 2001'
udp 2001 25
for name in tree recording dearest plain; do trace_wait $name; done

check "the tree has a time behind each rule" same "$(shown tree | sed -n '/^  filter/,/^  complete/p')" \
"  filter INPUT  DROP  T
      1  -A INPUT -p udp -m udp --dport 2001  T
      3  -A INPUT -p udp -m bpf --object-pinned $pin_dir/slow  T
      4  -A INPUT -p udp -m udp --dport 2001 -j DROP  T, then T
  complete: DROP in filter INPUT"
check "the summary says what tracing took" grep -qE \
	'^iptables-trace: 1 packet, .*, own cost [0-9]+ ns an event, subtracted \([1-9][0-9]* ns of it into a probe and out, measured at the start\), nothing lost$' \
	"$trace_dir/tree.err"
check "each rule of a recording has its time" same "$(recorded recording '[.[] | select(.type == "rule") | has("segment_ns")] | [length, all]')" \
	"[75,true]"
check "... which add up to no more than the table's, and that to no more than with tracing" same "$(recorded recording '
	[.[] | select(.type == "rule" or .type == "leave")] | group_by(.walk) |
	map({rules: (map(.segment_ns // 0) | add), table: (.[] | select(.type == "leave"))} |
	.rules <= .table.net_ns and .table.net_ns <= .table.duration_ns) | [length, all]')" "[25,true]"
check "... of which the slow rule has most" same "$(recorded recording '[.[] | select(.type == "rule")] | group_by(.number) |
	map({number: .[0].number, ns: (map(.segment_ns) | sort | .[12])}) | max_by(.ns).number')" 3
check "what tracing took is recorded, more than a probe alone" same "$(recorded recording '.[-1].own | .event_ns > .probe_ns and .probe_ns > 0 and .table_ns > 0')" \
	true
check "without --cost nothing is measured" same "$(recorded plain '[.[] | has("segment_ns") or has("net_ns") or has("own")] | any')" false

# dear NAME: the rules that are named, the dearest first.
dear() { sed -n '/the dearest rules:/,/the dearest matches:/s/.* each: [^ ]* //p' "$trace_dir/$1.err"; }
check "the dearest rules are named, also without --explain and --cost" same "$(dear dearest | head -n 1)" \
	"filter INPUT 3  -A INPUT -p udp -m bpf --object-pinned $pin_dir/slow"
check "... as many as were asked for" same "$(dear dearest | wc -l)" 2
check "... and how often they were met" same "$(sed -n '/the dearest rules:/{n;s/.*, met \(.* times\), .*/\1/p}' "$trace_dir/dearest.err")" "25 times"
check "lines have no times that were not asked for" same "$(grep -cE '\| INPUT [0-9]+: .*  [0-9.]+ .s$' "$trace_dir/dearest.out")" 0

check "a recording shows them again" same "$(replayed --cost | grep -cE '^      [134]  -A INPUT .*  [0-9.]+ [um]?s(, then .*)?$')" 75
check "... in lines" same "$(replayed --cost --format line | grep -cE '\| INPUT [134]: -A INPUT .*  [0-9.]+ [um]?s$')" 75
check "... in a capture file" same "$(replayed --cost --format pcapng | grep -aoE '^ +[134]  -A INPUT .*  [0-9.]+ [um]?s(, then .*)?$' | wc -l)" 75
check "... in stacks, to the last nanosecond" same "$(replayed --format folded | awk '{ sum += $NF } END { print sum }')" \
	"$(recorded recording '[.[] | select(.type == "leave").net_ns] | add')"
replayed --dearest 1 >/dev/null
check "... and names the dearest" same "$(dear replayed)" "filter INPUT 3  -A INPUT -p udp -m bpf --object-pinned $pin_dir/slow"
check "of one that does not know them this is said" grep -q 'the recording does not say what rules took: that takes --cost' \
	<(iptables-trace --read "$trace_dir/plain.out" --cost 2>&1 >/dev/null)

in_right iptables-legacy -F INPUT
rules iptables-nft
trace nft --cost --table filter -c 1 'udp dst port 2001'
udp 2001
trace_wait nft
check "with nf_tables too" same "$(shown nft | sed -n '/^  nft ip filter/,/^  complete/p')" \
"  nft ip filter INPUT  DROP  T
      1  -A INPUT -p udp -m udp --dport 2001  T
      3  -A INPUT -p udp -m bpf --object-pinned $pin_dir/slow  T
      4  -A INPUT -p udp -m udp --dport 2001 -j DROP  T, then T
  complete: DROP in nft ip filter INPUT"
in_right nft flush ruleset
ktap_end
