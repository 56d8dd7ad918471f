#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What rules take is told for each, and what tracing takes is not put down to them: not a slow program of another session's, not
# one that runs for a packet which a rule makes, not the kernel's search for a rule's number.
#
# Clocks of a guest are not to be trusted, so what is compared differs by far, and is the median of many packets.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/match.sh
. ../lib/trace_kernel.sh

make_pair
in_right sysctl -qw net.ipv4.icmp_ratelimit=0
modprobe ip_tables
load_ours
pin match_slow slow
packets=41

send_udp() { in_left "$trace_bin/udp_send" -n "$packets" -i 2000 192.0.2.2 "$1"; }
any_udp="4,48 0 0 9,21 0 1 17,6 0 0 65535,6 0 0 0"
# rules TOOL TABLE RULE...: the only rules of the table.
rules() { in_right "$1-restore" <<<"*$2"$'\n'"$(printf '%s\n' "${@:3}")"$'\nCOMMIT'; }

# traced NAME OPTION...: a session that asks for costs while the packets come.
traced()
{
	trace_start "$1" -f "$any_udp" -C "${@:2}"
	send_udp 9
	wait_until 20 all_came "$1"
	trace_stop "$1"
}
all_came() { [ "$(count_events "$1" '^leave .* table=filter hook=INPUT ')" -ge "$packets" ]; }

# median NAME PATTERN FIELD: of the events that match.
median()
{
	events "$1" "$2" | sed -nE "s/.* $3=([0-9]+).*/\1/p" | sort -n | awk '{ n[NR] = $1 } END { print NR ? n[int((NR + 1) / 2)] : "none" }'
}
segment() { median "$1" "^rule .* chain=$2 type=[a-z]+ rule=$3 " net; }
# dearer A B: at least four times; twice on a kernel that checks itself, where all else takes long beside a slow program.
times=4
[ ! -e /sys/kernel/debug/kmemleak ] || times=2
dearer() { [ "$1" != none ] && [ "$2" != none ] && [ "$1" -ge $((times * $2)) ] || { echo "$1 is not $times times $2"; return 1; }; }

# adds_up NAME: in each walk the rules' times are not more than the table's, and that is not more than it was with tracing.
adds_up()
{
	events "$1" '^(rule|leave) ' | awk '
		{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
		$1 == "rule" { sum[v["walk"]] += v["net"] }
		$1 == "leave" {
			walks++
			if (sum[v["walk"]] > v["net"] + 0 || v["net"] + 0 > v["duration"] + 0) bad++
		}
		END { print bad + 0 " of " (walks ? "many" : "none") }'
}
# behind NAME: the median of what came behind the last rule.
behind()
{
	events "$1" '^(rule|leave) ' | awk '
		{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
		$1 == "rule" { sum[v["walk"]] += v["net"] }
		$1 == "leave" { print v["net"] - sum[v["walk"]] }' | sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'
}

slow_rules()
{
	rules "$1" filter '-A INPUT -p udp -m udp --dport 9' '-A INPUT -p udp -m mark --mark 0x1' \
		"-A INPUT -p udp -m bpf --object-pinned $pin_dir/slow" '-A INPUT -p udp -m udp --dport 9' '-A INPUT -p udp -j DROP'
}

ktap_plan 22
slow_rules iptables-legacy
traced rules
for other in 1 4 5; do
	check "a rule that takes long is dearer than rule $other" dearer "$(segment rules INPUT 3)" "$(segment rules INPUT $other)"
done
check "... and than what comes behind the last one" dearer "$(segment rules INPUT 3)" "$(behind rules)"
check "what rules take adds up to what the table takes" same "$(adds_up rules)" "0 of many"
check "the table takes as long as its slow rule, and not much longer" test "$(median rules '^leave ' net)" -lt \
	$((2 * $(segment rules INPUT 3)))
check "what tracing takes was measured" grep -qE '^stats .* own=[1-9][0-9]*/[1-9][0-9]*/0/[0-9]+$' "$trace_work/rules"

traced observed -b 0 -o 4:filter
check "observed, it is dearer than the next one too" dearer "$(segment observed INPUT 3)" "$(segment observed INPUT 4)"
check "... and its match takes most of that" dearer "$(($(median observed '^matches .* said=2\.0-,3\.0\+' took) * 5))" \
	"$(segment observed INPUT 3)"
check "... what rules take adds up" same "$(adds_up observed)" "0 of many"
check "what it takes to observe a match was measured" grep -qE '^stats .* own=[0-9]+/[0-9]+/[1-9][0-9]*/[0-9]+$' "$trace_work/observed"

# Rules of nf_tables have handles; of those that the packet meets the second is the slow one.
in_right iptables-legacy -F INPUT
slow_rules iptables-nft
traced nft -B n
mapfile -t handles < <(events nft '^rule .* type=rule ' | sed -nE 's/.* handle=([0-9]+).*/\1/p' | sort -nu)
net_of() { median nft "^rule .* handle=$1 " net; }
check "with nf_tables, a rule that takes long is dearer than the next one" dearer "$(net_of "${handles[1]}")" "$(net_of "${handles[2]}")"
check "... and what rules take adds up" same "$(adds_up nft)" "0 of many"
# The slow rule says no, and is the last one before the policy.
in_right iptables-nft -F
in_right iptables-nft -A INPUT -p udp
in_right iptables-nft -A INPUT -p udp -m bpf --object-pinned "$pin_dir/slow" -m mark --mark 1
traced end -B n
check "... what comes before the end of a chain is the policy's" dearer "$(median end '^rule .* type=policy ' net)" \
	"$(median end '^rule .* type=rule ' net)"
check "... and the table's" test "$(median end '^leave ' net)" -ge "$(median end '^rule .* type=policy ' net)"
in_right nft flush ruleset

# Another session's program for each packet that comes into a table takes as long as a slow rule.
rules iptables-legacy filter '-A INPUT -p udp -m udp --dport 9' '-A INPUT -p udp -j DROP'
trace_object=trace_slowest trace_start slow
traced beside
check "a slow program beside runs" grep -q ^ready "$trace_work/slow"
check "... takes most of the time that a table takes" dearer "$(median beside '^leave ' duration)" "$(median beside '^leave ' net)"
check "... and is not put down to the rule behind it" dearer "$(median beside '^leave ' duration)" "$(segment beside INPUT 1)"
# The answer goes through five tables. On a kernel that checks itself REJECT alone takes as long as a program in all of them.
trace_object=trace_slowest trace_start slower
for table in raw mangle security; do rules iptables-legacy $table; done
rules iptables-legacy filter '-A INPUT -p udp -j REJECT'
traced child
leaves='^leave .* table=filter hook=INPUT '
check "nor, where it runs for a packet that a rule makes, to that rule" dearer "$(median child "$leaves" duration)" "$(median child "$leaves" net)"
trace_stop slower
trace_stop slow

# The last chain of the table, right at its beginning: the kernel searches all rules before it for the number.
{
	printf '%s\n' '*filter' ':zzz -' '-A INPUT -p udp -j zzz'
	for n in $(seq 5000); do echo "-A INPUT -p tcp --dport $n"; done
	printf '%s\n' '-A zzz -p udp -m udp --dport 9' '-A zzz -p udp -j DROP' COMMIT
} | in_right iptables-legacy-restore
traced far
# with_tracing: between the events of the two rules of that chain.
with_tracing()
{
	events far '^rule .* chain=zzz ' | sed -nE 's/.* rule=([0-9]+) .* time=([0-9]+).*/\1 \2/p' |
		awk '$1 == 1 { then = $2 } $1 == 2 { print $2 - then }' | sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'
}
check "the search for a rule's number is not put down to it" dearer "$(with_tracing)" "$(segment far zzz 2)"
check "... nor to what the table takes" dearer "$(median far '^leave ' duration)" "$(median far '^leave ' net)"
check "... and what rules take adds up" same "$(adds_up far)" "0 of many"
ktap_end
