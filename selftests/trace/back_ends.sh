#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A host with only nf_tables, one with only ip_tables, one with neither, one with both: each is told apart, what is there is
# traced, and what is not loaded stays so.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

loaded() { [ -d "/sys/module/$1" ]; }
unloaded() { ! loaded "$1"; }

# said STATUS TEXT COMMAND...
said()
{
	local status=0
	"${@:3}" >"$trace_dir/said" 2>&1 || status=$?
	[ "$status" = "$1" ] && grep -qF "$2" "$trace_dir/said" || { cat "$trace_dir/said" && false; }
}
shows_rule() { grep -q "$2" "$trace_dir/$1.out"; }

# Namespaces of a test before, which hold them, go a little later.
none_loaded()
{
	unload nf_tables ip_tables ip6_tables
	! loaded nf_tables && ! loaded ip_tables && ! loaded ip6_tables
}

ktap_plan 15
check "this host begins with neither back end" wait_until 20 none_loaded
make_pair
check "neither: there is nothing to trace, and both are named" said 3 \
	"the network namespace has neither a table of iptables-legacy nor a base chain of nf_tables (iptables-nft, nft), so there is no rule to trace" \
	iptables-trace --netns "$right"
check "everywhere likewise" said 3 "no network namespace has a table of iptables-legacy or a base chain of nf_tables" \
	iptables-trace --netns all
check "neither is loaded by that" same "$(for m in nf_tables ip_tables ip6_tables; do loaded $m && echo $m; done)" ""

in_right iptables-legacy -A INPUT -p udp -m udp --dport 1000 -j DROP
trace legacy -c 1 'udp port 1000'
udp 1000
trace_wait legacy
check "only ip_tables: its rules are seen" shows_rule legacy '^      1  -A INPUT -p udp'
check "nf_tables is not loaded by that" unloaded nf_tables

# It comes while a trace is running.
trace appears -c 2 'udp port 1001'
in_right nft -f - <<-END
	table inet late { chain in { type filter hook input priority 1; udp dport 1001 drop comment "came later"; }; }
END
udp 1001
wait_until 10 shows_rule appears 'came later'
check "nf_tables that appears during a trace is traced" shows_rule appears 'nft inet late in at INPUT  DROP'
check "with the text of its rules" shows_rule appears 'handle 2  udp dport 1001 drop comment "came later"'
trace_stop appears

make_pair
in_right nft -f - <<-END
	table ip t { chain in { type filter hook input priority 0; udp dport 1000 drop; }; }
	table arp a { chain in { type filter hook input priority 0; }; }
END
unload ip_tables ip6_tables
trace nft -c 1 'udp port 1000'
udp 1000
trace_wait nft
check "only nf_tables: its rules are seen" shows_rule nft '^      handle 2  udp dport 1000 drop'
check "which it is stands there" grep -qF "rules live in nf_tables (iptables-nft, nft), and none in iptables-legacy" "$trace_dir/nft.err"
check "IPv6 alone finds nothing there" said 3 "has neither a table of iptables-legacy nor a base chain" \
	iptables-trace -6 --netns "$right"
check "ip_tables is not loaded by that" same "$(in_right cat /proc/net/ip_tables_names 2>/dev/null)" ""

in_right iptables-legacy -A INPUT -p udp -m udp --dport 1000
trace both -c 1 'udp port 1000'
udp 1000
trace_wait both
check "both: the rules of both are seen" same "$(grep -cE '^      (1|handle 2)  ' "$trace_dir/both.out")" 2
check "that there are both stands there" grep -qF "rules live both in iptables-legacy and in nf_tables" "$trace_dir/both.err"

in_right iptables-legacy -F
in_right nft flush ruleset
empty=empty-${right#right-}
ip netns add "$empty"
cleanup_push ip netns del "$empty"
in_netns "$empty" nft 'add table inet t; add chain inet t c'
check "a chain that no packet comes into is none to trace" said 3 "there is no rule to trace" iptables-trace --netns "$empty"
ktap_end
