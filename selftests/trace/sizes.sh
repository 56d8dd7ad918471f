#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# However many rules there are, a trace tells the same of a packet: which did not match and why, what changed, what it cost, the
# program that it ran, what was made by it and whose it is; and their text is read once, and again when they are replaced.
# TRACE_SIZES sets how many rules.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/trace.sh
unset IPTABLES_EBPF_REVISION

read -ra sizes <<<"${TRACE_SIZES:-10 1000 $((20000 / ${TEST_SLOWNESS:-1}))}"
make_pair
make_far
load_ours
pin match_none no
program=$(program_id no)
cleanup_push in_right iptables-legacy -F
count_reads iptables-legacy-save

# rules N: so many, of which all but seven are for others.
rules()
{
	cat <<-END
		*nat
		-A PREROUTING -p udp -m udp --dport 1002 -j DNAT --to-destination 198.51.100.2:53
		COMMIT
		*filter
		:walk -
		-A INPUT -p udp -j walk
		-A FORWARD -p udp -j walk
		-A OUTPUT -p udp -j walk
	END
	awk -v n=$(($1 - 7)) 'BEGIN { for (i = 1; i <= n; i++) print "-A walk -s 203.0." int(i / 250) "." i % 250 "/32 -j DROP" }'
	cat <<-END
		-A walk -m bpf --object-pinned $pin_dir/no -j DROP
		-A walk -p udp -m comment --comment "rules 1" -j MARK --set-xmark 0x7/0xffffffff
		-A walk -p udp -m udp --dport 1001 -j REJECT --reject-with icmp-port-unreachable
		COMMIT
	END
}

# told TEXT SOURCE: what is told of the packet. Those many rules are one line, if number, text and reason of each are right; others
# of their chain are without numbers.
told()
{
	awk -v RS= -v text="$1" 'index($0, text) { print; exit }' "$trace_dir/all.out" | awk -v source="$2" -v others=$((size - 7)) '
		/  -A walk -s 203\.0\./ && $1 == n + 1 {
			address = "203.0." int($1 / 250) "." $1 % 250 "/32"
			is_it = index($0, $1 "  -A walk -s " address " -j DROP") > 0
			getline
			if (is_it && index($0, "  no match: -s " address ": packet has " source)) {
				n++
				next
			}
		}
		n { print (n == others ? "all" : n) " others did not match"; n = 0 }
		{ sub(/[0-9]+  -A walk/, "N  -A walk"); sub(/at rule [0-9]+ of walk/, "at rule N of walk"); print }' | steady
}
told_is() { same "$(told "$1" "$2")" "$(cat)"; }

# shown_are N: as many packets are shown whole. named: how often which number had which text.
shown_are() { [ "$(grep -c ' | complete$' "$trace_dir/text.out")" -ge "$1" ]; }
named() { grep -oE 'walk [0-9]+: .*"rules [12]"' "$trace_dir/text.out" | sed 's/walk //; s/: .*rules/ rules/; s/"//' | sort | uniq -c | xargs; }

ktap_plan $((9 * ${#sizes[@]}))
for size in "${sizes[@]}"; do
	in_right conntrack -F 2>/dev/null
	rules "$size" | in_right iptables-legacy-restore
	check "$size rules: there are so many" same "$(in_right iptables-legacy-save | grep -c '^-A')" "$size"
	trace all --explain --explain-budget 0 --cost --dearest 1 -c 3 'udp dst portrange 1001-1003'
	udp 1001
	udp 1002
	in_right bin/udp_send -n 1 192.0.2.1 1003
	trace_wait all

	check "$size rules: which did not match and why, the program, the mark, and the time of those that did" \
		told_is ':1001 ' 192.0.2.1 <<-END
			TIME #1 UDP 192.0.2.1:4000 > 192.0.2.2:1001 len 28 in eth0 netns RIGHT
			  nat PREROUTING  ACCEPT  T
			      1  -A PREROUTING -p udp -m udp --dport 1002 -j DNAT --to-destination 198.51.100.2:53
			           no match: -m udp --dport 1002: packet has 1001
			      policy ACCEPT  T, then T
			  filter INPUT  DROP  T
			      1  -A INPUT -p udp -j walk  T
			all others did not match
			        N  -A walk -m bpf --object-pinned $pin_dir/no -j DROP
			             program $program (match_none) returned 0
			             no match: -m bpf --object-pinned $pin_dir/no: returned 0
			        N  -A walk -p udp -m comment --comment "rules 1" -j MARK --set-xmark 0x7/0xffffffff  T
			             mark 0x7
			        N  -A walk -p udp -m udp --dport 1001 -j REJECT --reject-with icmp-port-unreachable  T, then T
			  complete: DROP in filter INPUT
		END
	check "$size rules: what a rule made hangs under it" same "$(told 'ICMP ' | sed -n 2p)" \
		"  made while #1 was in filter INPUT, at rule N of walk"
	check "$size rules: one packet through NAT, and what did not match behind it" told_is ':1002 ' 192.0.2.1 <<-END
		TIME #3 UDP 192.0.2.1:4000 > 192.0.2.2:1002 len 28 in eth0 netns RIGHT
		  nat PREROUTING  ACCEPT  T
		      1  -A PREROUTING -p udp -m udp --dport 1002 -j DNAT --to-destination 198.51.100.2:53  T, then T
		  now 192.0.2.1:4000 > 198.51.100.2:53
		  filter FORWARD eth0 > eth1  ACCEPT  T
		      1  -A FORWARD -p udp -j walk  T
		all others did not match
		        N  -A walk -m bpf --object-pinned $pin_dir/no -j DROP
		             program $program (match_none) returned 0
		             no match: -m bpf --object-pinned $pin_dir/no: returned 0
		        N  -A walk -p udp -m comment --comment "rules 1" -j MARK --set-xmark 0x7/0xffffffff  T
		             mark 0x7
		        N  -A walk -p udp -m udp --dport 1001 -j REJECT --reject-with icmp-port-unreachable
		             no match: -m udp --dport 1001: packet has 53
		        return from walk  T
		      policy ACCEPT  T, then T
		  nat POSTROUTING  ACCEPT  T
		      policy ACCEPT  T, then T
		  complete: ACCEPT in nat POSTROUTING
	END
	check "$size rules: whose a packet is that this host sends" same "$(told ':1003 ' 192.0.2.2 | sed -n '2p; /others/p; $p' | xargs -d '\n')" \
		"  sent by udp_send (pid PID, uid 0) all others did not match   complete: ACCEPT in nat POSTROUTING"
	check "$size rules: the dearest of them, and what tracing cost" same "$(grep -cE \
		'^    .* (met|asked) [0-9]+ times?, |, own cost [0-9]+ ns an event, .*, nothing lost$' "$trace_dir/all.err")" 3

	rm -f "$trace_dir/reads"
	trace text --format line --table filter 'udp dst port 1004'
	udp 1004 10
	wait_until 60 shown_are 10 | diag
	check "$size rules: they are read once" same "$(reads save)" 1
	in_right iptables-legacy -R walk $((size - 5)) -p udp -m comment --comment "rules 2" -j MARK --set-xmark 0x7/0xffffffff
	udp 1004 10
	wait_until 60 shown_are 20 | diag
	trace_stop text
	check "$size rules: and again when they are replaced" same "$(reads save)" 2
	check "$size rules: each packet has the text of those that it met" same "$(named)" "10 $((size - 5)) rules 1 10 $((size - 5)) rules 2"
done
ktap_end
