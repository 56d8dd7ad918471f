#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The same of nf_tables: a thousand rules of iptables-nft, and a thousand of nft's own, by their counters. TRACE_PACKETS sets
# how many packets.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/thousand_rules.sh

# The rules in nft's words: the same chains, and each rule counts before it decides.
as_nft()
{
	thousand_rules | awk '
		BEGIN { print "table inet many {" }
		/^:INPUT/ { chain["INPUT"] = "type filter hook input priority 0; policy drop;\n"; order[++chains] = "INPUT" }
		/^:/ && !/^:INPUT/ { name = substr($1, 2); chain[name] = ""; order[++chains] = name }
		/^-A/ {
			rule = ""
			if (match($0, /--dport [0-9:]+/)) {
				port = substr($0, RSTART + 8, RLENGTH - 8)
				sub(":", "-", port)
				rule = "udp dport " port " "
			}
			if (/--mark 0x5/) rule = "meta mark 0x5 "
			rule = rule "counter "
			if (match($0, / -j (chain-[0-9]+|shared)/)) rule = rule "jump " substr($0, RSTART + 4, RLENGTH - 4)
			else if (match($0, / -g chain-[0-9]+/)) rule = rule "goto " substr($0, RSTART + 4, RLENGTH - 4)
			else if (/ -j RETURN/) rule = rule "return"
			else if (/ -j ACCEPT/) rule = rule "accept"
			else if (/ -j DROP/) rule = rule "drop"
			else if (/ -j MARK/) rule = rule "meta mark set 0x5"
			chain[$2] = chain[$2] "\t\t" rule "\n"
		}
		END {
			# A chain stands before those that jump to it.
			for (i = chains; i > 0; i--) if (order[i] != "INPUT" && order[i] != "shared") later[++n] = order[i]
			print "\tchain shared {\n" chain["shared"] "\t}"
			for (i = 1; i <= n; i++) print "\tchain " later[i] " {\n" chain[later[i]] "\t}"
			print "\tchain INPUT {\n" chain["INPUT"] "\t}\n}"
		}'
}

# Packets, chain, handle, and the text without what was counted, of rules that counted any.
listed()
{
	in_right nft -a list table inet many | awk '
		/^\tchain / { chain = $2 }
		/ # handle [0-9]+$/ && match($0, /counter packets [0-9]+ bytes [0-9]+/) {
			split(substr($0, RSTART, RLENGTH), counter, " ")
			handle = $NF
			sub(/^[\t ]+/, ""); sub(/ # handle [0-9]+$/, ""); sub(/counter packets [0-9]+ bytes [0-9]+/, "counter")
			if (counter[3] > 0) print counter[3], chain " handle " handle ": " $0
		}' | sort
}

judge()
{
	check "$1: there are about a thousand rules" [ "$2" -ge 990 ]
	check "$1: nothing is lost" thousand_nothing_lost
	check "$1: many rules were met" [ "$(wc -l <"$trace_dir/counted")" -gt 100 ]
	check "$1: each rule is named as often as it counted, with its own text" \
		same "$(thousand_differences "$trace_dir/counted")" 0
	check "$1: no rule had two texts, and no line was strange" same "$(xargs <"$trace_dir/strange")" "changed 0 other 0"
}

ktap_plan 15
make_pair
thousand_rules | in_right iptables-nft-restore
rules=$(in_right iptables-nft-save -t filter | grep -c '^-A')
thousand_traced
thousand_saved iptables-nft-save >"$trace_dir/counted"
thousand_said "$rules"
judge "iptables-nft" "$rules"
check "iptables-nft: the ends of chains are the packets that no rule judged" same "$(thousand_policies)" \
	"$(in_right iptables-nft-save -c -t filter | sed -n 's/^:INPUT DROP \[\([0-9]*\):.*/\1/p')"

make_pair
as_nft | in_right nft -f -
rules=$(in_right nft list table inet many | grep -c counter)
thousand_traced
listed >"$trace_dir/counted"
thousand_said "$rules"
judge nft "$rules"

# Twenty thousand rules are read once, whatever else changes in the namespace; a change of theirs has them read once more.
make_pair
many=$((20000 / ${TEST_SLOWNESS:-1}))
awk -v many=$many 'BEGIN {
	print "*filter\n:INPUT ACCEPT"
	for (i = 1; i < many; i++) print "-A INPUT -s 198.51.100." i % 256 " -p udp -m comment --comment n" i
	print "-A INPUT -p udp -m udp --dport 1000 -m comment --comment last -j DROP\nCOMMIT"
}' | in_right iptables-nft-restore
in_right nft 'add table inet other; add set inet other s { type ipv4_addr; }'
count_reads iptables-nft-save nft
trace once -c 6 --table filter 'udp port 1000'
shown_are() { [ "$(blocks once)" -ge "$1" ]; }
for i in 1 2 3 4 5; do
	in_right nft add element inet other s "{ 192.0.2.$i }"
	udp 1000
	wait_until 60 shown_are $i | diag
done
reads_before=$(reads 'iptables-nft-save -t filter')
named_before=$(shown once | grep -c "^      $many  -A INPUT .* last -j DROP")
in_right iptables-nft -I INPUT -p tcp -m comment --comment first
udp 1000
trace_wait once
check "twenty thousand rules are read once" same "$reads_before" 1
check "and named rightly meanwhile" same "$named_before" 5
check "and read again when they change" same "$(reads 'iptables-nft-save -t filter')" 2
check "by their new numbers" same "$(shown once | grep -c "^      $((many + 1))  -A INPUT .* last -j DROP")" 1
ktap_end
