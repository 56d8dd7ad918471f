#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# However many rules there are, a trace tells the same of a packet: which did not match and why, what changed, what it cost, the
# program that it ran, what was made by it and whose it is; their text is read once, and again when they are replaced; and what
# a slow reader misses is counted. TRACE_SIZES sets how many rules.

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
cleanup_push in_right ip6tables-legacy -F
count_reads iptables-legacy-save ip6tables-legacy-save

# family N: 4 or 6, and what differs between them: who sends ($from), to whom ($to), where those go that DNAT sends on, and, with
# a port behind it, how the trace has them; $other is awk's, the source that rule i is for.
family()
{
	family=$1
	case $family in
	4)
		tool=iptables-legacy send=udp reject=icmp-port-unreachable made='ICMP ' length=28
		from=192.0.2.1 to=192.0.2.2 server=198.51.100.2
		from_shown=$from to_shown=$to server_shown=$server
		other='"203.0." int(i / 250) "." i % 250 "/32"'
		;;
	6)
		tool=ip6tables-legacy send=udp6 reject=icmp6-port-unreachable made='ICMPv6 ' length=48
		from=2001:db8::1 to=2001:db8::2 server=2001:db8:1::2
		from_shown=[$from] to_shown=[$to] server_shown=[$server]
		other='sprintf("2001:db8:ff::%x/128", i)'
		;;
	esac
}

# rules N: so many, of which all but eight are for others.
rules()
{
	cat <<-END
		*nat
		-A PREROUTING -p udp -m udp --dport 1002 -j DNAT --to-destination $server_shown:53
		COMMIT
		*filter
		:walk -
		-A INPUT -p udp -m udp --dport 1005 -j DROP
		-A INPUT -p udp -j walk
		-A FORWARD -p udp -j walk
		-A OUTPUT -p udp -j walk
	END
	awk -v n=$(($1 - 8)) "BEGIN { for (i = 1; i <= n; i++) print \"-A walk -s \" $other \" -j DROP\" }"
	cat <<-END
		-A walk -m bpf --object-pinned $pin_dir/no -j DROP
		-A walk -p udp -m comment --comment "rules 1" -j MARK --set-xmark 0x7/0xffffffff
		-A walk -p udp -m udp --dport 1001 -j REJECT --reject-with $reject
		COMMIT
	END
}

# told TEXT SOURCE: what is told of the packet. Those many rules are one line, if number, text and reason of each are right; others
# of their chain are without numbers.
told()
{
	awk -v RS= -v text="$1" 'index($0, text) { print; exit }' "$trace_dir/all.out" | awk -v source="$2" -v others=$((size - 8)) '
		/  -A walk -s / && $1 == n + 1 {
			i = $1
			address = '"$other"'
			is_it = index($0, i "  -A walk -s " address " -j DROP") > 0
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

# Of three events each more than the ring buffer holds.
slow=10000
# events_of NAME: shown, and lost as the ring buffer was full.
events_of() { summary "$1" | sed -nE 's/.* packets, ([0-9]+) events.*/\1/p; s/^  ([0-9]+) events lost: the ring buffer was full.*/\1/p' | xargs; }

# tells SIZE: all of it that is of packets, of rules of the family.
tells()
{
	local size=$1 name="IPv$family, $1 rules"
	in_right conntrack -F 2>/dev/null
	rules "$size" | in_right "$tool-restore"
	check "$name: there are so many" same "$(in_right "$tool-save" | grep -c '^-A')" "$size"
	trace all --explain --explain-budget 0 --cost --dearest 1 -c 3 'udp dst portrange 1001-1003'
	$send 1001
	$send 1002
	in_right bin/udp_send -n 1 "$from" 1003
	trace_wait all

	check "$name: which did not match and why, the program, the mark, and the time of those that did" \
		told_is ':1001 ' "$from" <<-END
			TIME #1 UDP $from_shown:4000 > $to_shown:1001 len $length in eth0 netns RIGHT
			  nat PREROUTING  ACCEPT  T
			      1  -A PREROUTING -p udp -m udp --dport 1002 -j DNAT --to-destination $server_shown:53
			           no match: -m udp --dport 1002: packet has 1001
			      policy ACCEPT  T, then T
			  filter INPUT  DROP  T
			      1  -A INPUT -p udp -m udp --dport 1005 -j DROP
			           no match: -m udp --dport 1005: packet has 1001
			      2  -A INPUT -p udp -j walk  T
			all others did not match
			        N  -A walk -m bpf --object-pinned $pin_dir/no -j DROP
			             program $program (match_none) returned 0
			             no match: -m bpf --object-pinned $pin_dir/no: returned 0
			        N  -A walk -p udp -m comment --comment "rules 1" -j MARK --set-xmark 0x7/0xffffffff  T
			             mark 0x7
			        N  -A walk -p udp -m udp --dport 1001 -j REJECT --reject-with $reject  T, then T
			  complete: DROP in filter INPUT
		END
	check "$name: what a rule made hangs under it" same "$(told "$made" | sed -n 2p)" \
		"  made while #1 was in filter INPUT, at rule N of walk"
	check "$name: one packet through NAT, and what did not match behind it" told_is ':1002 ' "$from" <<-END
		TIME #3 UDP $from_shown:4000 > $to_shown:1002 len $length in eth0 netns RIGHT
		  nat PREROUTING  ACCEPT  T
		      1  -A PREROUTING -p udp -m udp --dport 1002 -j DNAT --to-destination $server_shown:53  T, then T
		  now $from_shown:4000 > $server_shown:53
		  filter FORWARD eth0 > eth1  ACCEPT  T
		      1  -A FORWARD -p udp -j walk  T
		all others did not match
		        N  -A walk -m bpf --object-pinned $pin_dir/no -j DROP
		             program $program (match_none) returned 0
		             no match: -m bpf --object-pinned $pin_dir/no: returned 0
		        N  -A walk -p udp -m comment --comment "rules 1" -j MARK --set-xmark 0x7/0xffffffff  T
		             mark 0x7
		        N  -A walk -p udp -m udp --dport 1001 -j REJECT --reject-with $reject
		             no match: -m udp --dport 1001: packet has 53
		        return from walk  T
		      policy ACCEPT  T, then T
		  nat POSTROUTING  ACCEPT  T
		      policy ACCEPT  T, then T
		  complete: ACCEPT in nat POSTROUTING
	END
	check "$name: whose a packet is that this host sends" same "$(told ':1003 ' "$to" | sed -n '2p; /others/p; $p' | xargs -d '\n')" \
		"  sent by udp_send (pid PID, uid 0) all others did not match   complete: ACCEPT in nat POSTROUTING"
	check "$name: the dearest of them, and what tracing cost" same "$(grep -cE \
		'^    .* (met|asked) [0-9]+ times?, |, own cost [0-9]+ ns an event, .*, nothing lost$' "$trace_dir/all.err")" 3

	rm -f "$trace_dir/reads"
	trace text --format line --table filter 'udp dst port 1004'
	$send 1004 10
	wait_until 60 shown_are 10 | diag
	check "$name: they are read once" same "$(reads "^$tool-save ")" 1
	in_right "$tool" -R walk $((size - 6)) -p udp -m comment --comment "rules 2" -j MARK --set-xmark 0x7/0xffffffff
	$send 1004 10
	wait_until 60 shown_are 20 | diag
	trace_stop text
	check "$name: and again when they are replaced" same "$(reads "^$tool-save ")" 2
	check "$name: each packet has the text of those that it met" same "$(named)" "10 $((size - 6)) rules 1 10 $((size - 6)) rules 2"
}

# counts_lost SIZE: more packets than a reader reads, which stands still.
counts_lost()
{
	local shown lost
	trace slow --rate 0 --format line --table filter 'udp dst port 1005'
	kill -STOP "${trace_pids[slow]}"
	$send 1005 $slow
	kill -CONT "${trace_pids[slow]}"
	trace_stop slow
	read -r shown lost < <(events_of slow)
	diag <<<"$shown shown, ${lost:-0} lost"
	check "$1 rules: a reader that was too slow missed some" test "${lost:-0}" -gt 1000
	check "$1 rules: ... and what it missed is counted, to the event" same $((shown + lost)) $((3 * slow))
}

ktap_plan $(((2 * 9 + 2) * ${#sizes[@]}))
for size in "${sizes[@]}"; do
	family 6
	tells "$size"
	family 4
	tells "$size"
	counts_lost "$size"
done
ktap_end
