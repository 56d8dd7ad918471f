#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --explain: each rule that a packet was held against in vain, and what of the packet it did not want; over thousands of rules
# exactly what a second evaluation, by other means, says of every packet. TRACE_PACKETS sets how many.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/explain.sh

packets=${TRACE_PACKETS:-300}
recorded=200
rules=5000
deep_rules=1500
# unmet: of lines, the matches that were not met, each once.
unmet() { grep -oE 'no match \(.*: packet has ' | grep -oE '(\(|, )-m [a-z0-9]+' | sed 's/.* //' | sort -u; }

make_pair
routes_to_nobody
again() { iptables-trace --color never --read "$@" 2>/dev/null; }

ktap_plan 27
for f in 4 6; do
	family legacy $f
	quiet
	make rules -v rules=$rules -v chains=100 | in_right "$tool-restore"
	trace bare --format json -$f --table raw -c $recorded "dst net $net"
	walk raw -v observed=1
	trace_wait bare
	again "$trace_dir/bare.out" --explain --format line | judge bare -v observed=0
	diag <<<"IPv$f: $(tail -n 1 "$trace_dir/walks.said"), of $(wc -l <"$trace_dir/walks.met") rules"

	check "IPv$f: there are thousands of rules" same "$(in_right "$tool-save" -t raw | grep -c '^-A')" $rules
	check "IPv$f: many of them were met, and more were passed" \
		test "$(wc -l <"$trace_dir/walks.met")" -ge 50 -a "$(said walks passed)" -ge $((packets * 9))
	check "IPv$f: rules that matched, that did not, and why, are what they have to be" all_right walks "$packets"
	check "IPv$f: a recording that was made without observing tells what can be told of that" all_right bare $recorded
	check "IPv$f: rules that matched are those that counted, as often" \
		first_differences <(counted_rules raw) "$trace_dir/walks.met"
	check "IPv$f: nothing is lost" grep -q "^iptables-trace: $packets packets, .* nothing lost$" "$trace_dir/walks.err"
	in_right "$tool" -t raw -F

	deep=1
	make rules -v rules=$deep_rules -v chains=40 | in_right "$tool-restore"
	# What is sent has sums of zero.
	in_right sysctl -qw net.netfilter.nf_conntrack_checksum=0
	trace bare --format json -$f --table mangle -c $recorded "dst net $net"
	walk mangle -v observed=1
	trace_wait bare
	again "$trace_dir/bare.out" --explain --format line | tee "$trace_dir/deep" | judge bare -v observed=0
	diag <<<"IPv$f: $(tail -n 1 "$trace_dir/walks.said"), of $(wc -l <"$trace_dir/walks.met") rules"
	check "IPv$f: transport headers and connections, too, are as the rules and the packets have them" all_right walks "$packets"
	check "IPv$f: ... without observing as well" all_right bare $recorded
	check "IPv$f: ... and they are the rules that counted, as often" \
		first_differences <(counted_rules mangle) "$trace_dir/walks.met"
	check "IPv$f: ... each kind of match said no to some" same "$(unmet <"$trace_dir/deep" | xargs)" \
		"connmark conntrack icmp$([ $f = 4 ] || echo 6) iprange multiport state tcp udp"
	deep=
	in_right "$tool" -t mangle -F
	in_right "$tool" -F OUTPUT
done

family legacy 4
in_right iptables-legacy-restore <<-END
	*raw
	:web -
	-A PREROUTING -s 10.0.0.0/8 -j DROP
	-A PREROUTING -i wan -p udp -j DROP
	-A PREROUTING -p udp -j web
	-A web ! -d 198.51.100.0/24 -m comment --comment "elsewhere: -j DROP" -j DROP
	-A web -p udp -m udp --dport 53 -m comment --comment names -j ACCEPT
	-A web -p udp -m addrtype --dst-type BROADCAST
	-A web -p udp -m udp --dport 1000:1999 -m addrtype --dst-type BROADCAST -m pkttype --pkt-type multicast
	COMMIT
	*mangle
	-A PREROUTING -p udp -m ttl --ttl-lt 5 -j DROP
	-A PREROUTING -p udp -j MARK --set-xmark 0x25/0xffffffff
	-A PREROUTING -m mark --mark 0x1/0xf -j DROP
	COMMIT
END
send_one() { in_left bin/send_packet 192.0.2.1 198.51.100.7 17 "$(udp_payload 1001)"; }
trace tree --explain -c 1 'udp dst port 1001'
trace json --explain --format json -c 1 'udp dst port 1001'
trace plain --format json -c 1 'udp dst port 1001'
send_one
for name in tree json plain; do
	trace_wait $name
done
check "the tree has them above the rule that matched" block_is tree '#1 ' <<-END
	TIME #1 UDP 192.0.2.1:4000 > 198.51.100.7:1001 len 28 in eth0 netns RIGHT
	  raw PREROUTING  ACCEPT  T
	      1  -A PREROUTING -s 10.0.0.0/8 -j DROP
	           no match: -s 10.0.0.0/8: packet has 192.0.2.1
	      2  -A PREROUTING -i wan -p udp -j DROP
	           no match: -i wan: packet has eth0
	      3  -A PREROUTING -p udp -j web
	        1  -A web ! -d 198.51.100.0/24 -m comment --comment "elsewhere: -j DROP" -j DROP
	             no match: ! -d 198.51.100.0/24: packet has 198.51.100.7
	        2  -A web -p udp -m udp --dport 53 -m comment --comment names -j ACCEPT
	             no match: -m udp --dport 53: packet has 1001
	        3  -A web -p udp -m addrtype --dst-type BROADCAST
	             no match: -m addrtype --dst-type BROADCAST: packet has 198.51.100.7
	        4  -A web -p udp -m udp --dport 1000:1999 -m addrtype --dst-type BROADCAST -m pkttype --pkt-type multicast
	             no match: -m addrtype --dst-type BROADCAST: packet has 198.51.100.7
	        return from web
	      policy ACCEPT
	  mangle PREROUTING  ACCEPT  T
	      1  -A PREROUTING -p udp -m ttl --ttl-lt 5 -j DROP
	           no match: -m ttl --ttl-lt 5: packet has 64
	      2  -A PREROUTING -p udp -j MARK --set-xmark 0x25/0xffffffff
	           mark 0x25
	      3  -A PREROUTING -m mark --mark 0x1/0xf -j DROP
	           no match: -m mark --mark 0x1/0xf: packet has 0x25
	      policy ACCEPT
	  complete: ACCEPT in mangle PREROUTING
END
check "a recording made with --explain says the same" same "$(again "$trace_dir/json.out" --explain | steady)" "$(shown tree)"
check "one made without it can be explained, as far as what was captured tells" \
	same "$(again "$trace_dir/plain.out" --explain | steady)" "$(shown tree | sed -E \
		-e '/^        4  /{n;s/(no match: ).*/\1-m addrtype --dst-type BROADCAST or -m pkttype --pkt-type multicast (not known which)/}' \
		-e 's/(BROADCAST): packet has .*/\1/')"
check "and one made with it shown without" same "$(again "$trace_dir/json.out" | grep -c 'no match')" 0
check "json has the conditions and what the packet has" same \
	"$(jq -c 'select(.number == 3 and .chain == "PREROUTING") | [.no_match[] | [.number, .unmet[0].condition, .unmet[0].packet]]' \
		"$trace_dir/json.out")" '[[1,"-s 10.0.0.0/8","192.0.2.1"],[2,"-i wan","eth0"]]'
check "and the matches that may have said no, where they were not observed" same \
	"$(again "$trace_dir/plain.out" --explain --format json | jq -c 'select(.text == "return from web") | [.no_match[].suspects]')" \
	'[[],[],["-m addrtype --dst-type BROADCAST"],["-m addrtype --dst-type BROADCAST","-m pkttype --pkt-type multicast"]]'
check "what does not go with it is refused" \
	says "iptables-trace: --explain: --format folded shows where the time goes, and no rules that did not match" \
	iptables-trace --explain --format folded
ktap_end
