#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --explain of matches of x_tables that stand in nft's own tables: what they said is observed there too, and stands there by
# their names; in a table that iptables-nft and nft share, in inet and at a bridge.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/trace.sh
unset IPTABLES_EBPF_REVISION

make_pair
load_ours
pin match_none no
pin match_all yes
no="program $(program_id no) (match_none) did not match" yes="program $(program_id yes) (match_all) matched"
cleanup_push in_right nft flush ruleset

# told NAME: rules by their handles, and what is said of them.
told() { shown "$1" | grep -oE '(handle [0-9]+|no match: |program [0-9]).*' | sed 's/^\(handle [0-9]*\) .*/\1/'; }
told_is() { same "$(told "$1")" "$(cat)"; }
# again NAME: a recording, as a trace shows it.
again()
{
	iptables-trace --color never --read "$trace_dir/$1.json" --explain 2>/dev/null >"$trace_dir/again.out"
	told again
}

# traced NAME N OPTION...: N packets, as they are shown, as they are recorded with what was observed, and without.
traced()
{
	local name=$1
	trace "$name" --explain --explain-budget 0 --dearest 9 -c "$2" "${@:3}" 'udp dst port 1001'
	trace recording --explain --explain-budget 0 --format json -c "$2" "${@:3}" 'udp dst port 1001'
	trace plain --format json -c "$2" "${@:3}" 'udp dst port 1001'
	udp 1001 "$2"
	for name in "$1" recording plain; do trace_wait "$name"; done
	for name in recording plain; do mv "$trace_dir/$name.out" "$trace_dir/$name.json"; done
}

ktap_plan 13
# A chain of nft's own: iptables-nft-save shows such a table no more.
in_right iptables-nft-restore <<-END
	*filter
	-A INPUT -p udp -m udp --dport 1001 -m addrtype --dst-type LOCAL -m recent --update --name seen --rsource -j DROP
	-A INPUT -p udp -m statistic --mode nth --every 2 --packet 0 -m bpf --object-pinned $pin_dir/no -m length --length 28
	-A INPUT -p udp -m bpf --object-pinned $pin_dir/yes -m length --length 1000
	-A INPUT -p udp -m length --length 28 -m udp --dport 1002
	COMMIT
END
in_right nft -f - <<-END
	table ip filter {
		chain mine { type filter hook input priority 5; udp dport 1; }
	}
END
traced mixed 2
check "a shared table: of each rule the match that said no, and the programs" told_is mixed <<-END
	handle 2
	no match: xt match "recent": said no
	handle 3
	$no
	no match: xt match "bpf": said no
	handle 4
	$yes
	no match: xt match "length": said no
	handle 5
	no match: udp dport 1002: packet has 1001
	handle 7
	no match: udp dport 1: packet has 1001
	handle 2
	no match: xt match "recent": said no
	handle 3
	no match: xt match "statistic": said no
	handle 4
	$yes
	no match: xt match "length": said no
	handle 5
	no match: udp dport 1002: packet has 1001
	handle 7
	no match: udp dport 1: packet has 1001
END
check "... nothing is lost" grep -qE '^iptables-trace: 2 packets, .* matches observed, .*, nothing lost$' "$trace_dir/mixed.err"
check "... a recording says the same" same "$(again recording)" "$(told mixed)"
check "... which nobody knows who has not observed it" \
	same "$(again plain | sed -n 2p | tr -d '"')" 'no match: fib daddr type local or xt match recent (not known which)'
in_right nft delete table ip filter

for family in inet bridge; do
	[ $family != bridge ] || make_bridge
	in_right bin/nft_rule $family 1 "path=$pin_dir/no" -- "path=$pin_dir/yes" -- "code=$code_none"
	traced $family 1 --table $family:selftest
	check "$family: the programs that ran, and which match said no" told_is $family <<-END
		handle 2
		$no
		no match: xt match "bpf": said no
		handle 3
		$yes
		handle 4
		no match: xt match "bpf": said no
	END
	check "$family: nothing is lost" grep -qE '^iptables-trace: 1 packet, .* matches observed, .*, nothing lost$' "$trace_dir/$family.err"
	check "$family: a recording says the same" same "$(again recording)" "$(told $family)"
	check "$family: who has not observed it knows the one condition that is left" same "$(again plain | tr -d '"' | xargs -d '\n')" \
		"handle 2 no match: xt match bpf handle 3 handle 4 no match: xt match bpf"
	drop_rules
done
check "the dearest matches are named" same "$(grep -c 'nft bridge selftest hook1 [123]  xt match "bpf"$' "$trace_dir/bridge.err")" 3
ktap_end
