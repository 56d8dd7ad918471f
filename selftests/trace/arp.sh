#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets of ARP in chains of that family, as a user asks for them and sees them: in the words of tcpdump, with the rules that
# they met; by expressions with the word arp, beside others; in each format, and again from a recording.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/arp.sh

make_pair
quiet_arp
in_right nft -f - <<-END
	table arp guard {
		chain strangers {
			arp saddr ip { 192.0.2.66, 192.0.2.67 } drop
			meta mark set 0x7
		}
		chain input {
			type filter hook input priority 0; policy accept;
			arp operation reply drop
			arp saddr ip 192.0.2.64-192.0.2.79 jump strangers
			arp operation request accept
		}
		chain output {
			type filter hook output priority 0; policy drop;
			arp daddr ip != 192.0.2.51 accept
		}
	}
	table ip web { chain input { type filter hook input priority 0; udp dport 1001 drop; }; }
END
# handle TEXT [FAMILY TABLE]: of the rule that has it.
handle() { in_right nft -a list table "${2:-arp}" "${3:-guard}" | sed -nE "s/.*$1.* # handle ([0-9]+)$/\1/p"; }
request() { echo "TIME #$1 ARP, Request who-has 192.0.2.2 tell $2 len 28 in eth0 netns RIGHT"; }
# texts NAME: the packets that were shown, in the order of their numbers; each comes when its end is known. heads NAME: in short.
texts() { shown "$1" | sed -nE 's/^TIME #([0-9]+) (.*) (in|out) eth0 netns RIGHT.*/\1 \2/p' | sort -n | cut -d' ' -f2-; }
heads() { texts "$1" | sed -E 's/ARP, (Request|Reply) (who-has )?([^ ]+) .*/\1 \3/; s/^(UDP) .*/\1/' | xargs; }
# refused WORDS COMMAND...: with that status of a wrong command line, and these words.
refused()
{
	local status=0 words=$1
	shift
	timeout 30 iptables-trace --netns "$right" "$@" >"$trace_dir/refused" 2>&1 || status=$?
	same "$status" 2 && grep -qF -- "$words" "$trace_dir/refused" || { diag <"$trace_dir/refused"; return 1; }
}

# One of each: a request and its answer, one that is dropped in another chain, an answer that is dropped, an answer that the
# policy drops, and others that are none of ARP.
everything()
{
	arp_from 192.0.2.50
	arp_from 192.0.2.66
	what_arp 2 192.0.2.50 192.0.2.2
	arp_from 192.0.2.51
	arp_from 192.0.2.70
	udp 1001
}
# traces NAME [OPTION...] EXPRESSION: everything goes by, and last a packet that each of these expressions selects.
traces()
{
	trace "$1" "${@:2:$#-2}" "(${*: -1}) or udp port 9999"
	everything
	udp 9999
	wait_until 20 grep -q ':9999 ' "$trace_dir/$1.out" | diag
	trace_stop "$1"
}

ktap_plan 38
for format in tree line folded; do
	trace $format --format $format --cost arp
done
for format in json pcapng; do
	trace $format --format $format --cost -o "$trace_dir/record.$format" arp
done
everything
# A packet's end is known some time after it.
all_seen()
{
	[ "$(blocks tree) $(grep -c 'complete$' "$trace_dir/line.out")" = "8 8" ] &&
		[ "$(jq 'select(.type == "packet") | .packet' "$trace_dir/record.json" 2>/dev/null | wc -l)" = 8 ]
}
wait_until 20 all_seen
for format in tree line folded json pcapng; do
	trace_stop $format
done
check "a request, in the words of tcpdump, with the rule that it met" block_is tree "tell 192.0.2.50" <<-END
	$(request 1 192.0.2.50)
	  nft arp guard input at INPUT  ACCEPT  T
	      handle $(handle 'operation request')  arp operation request accept  T, then T
	  complete: ACCEPT in nft arp guard input at INPUT
END
check "its answer on the way out" block_is tree "#2 " <<-END
	TIME #2 ARP, Reply 192.0.2.2 is-at 02:00:00:00:00:02 len 28 out eth0 netns RIGHT
	  nft arp guard output at OUTPUT  ACCEPT  T
	      handle $(handle 'daddr ip')  arp daddr ip != 192.0.2.51 accept  T, then T
	  complete: ACCEPT in nft arp guard output at OUTPUT
END
check "a drop in a chain that it jumped to" block_is tree "tell 192.0.2.66" <<-END
	$(request 3 192.0.2.66)
	  nft arp guard input at INPUT  DROP  T
	      handle $(handle 'jump strangers')  arp saddr ip 192.0.2.64-192.0.2.79 jump strangers  T
	        handle $(handle '192.0.2.66, ')  arp saddr ip { 192.0.2.66, 192.0.2.67 } drop  T, then T
	  complete: DROP in nft arp guard input at INPUT
END
check "an answer that comes in and is dropped" block_is tree "Reply 192.0.2.50 " <<-END
	TIME #4 ARP, Reply 192.0.2.50 is-at 02:00:00:00:00:01 len 28 in eth0 netns RIGHT
	  nft arp guard input at INPUT  DROP  T
	      handle $(handle 'operation reply')  arp operation reply drop  T, then T
	  complete: DROP in nft arp guard input at INPUT
END
check "the policy of the way out" block_is tree "#6 " <<-END
	TIME #6 ARP, Reply 192.0.2.2 is-at 02:00:00:00:00:02 len 28 out eth0 netns RIGHT
	  nft arp guard output at OUTPUT  DROP  T
	      policy drop  T, then T
	  complete: DROP in nft arp guard output at OUTPUT
END
check "a mark that a rule sets" block_is tree "tell 192.0.2.70" <<-END
	$(request 7 192.0.2.70)
	  nft arp guard input at INPUT  ACCEPT  T
	      handle $(handle 'jump strangers')  arp saddr ip 192.0.2.64-192.0.2.79 jump strangers  T
	        handle $(handle 'mark set')  meta mark set 0x00000007  T
	             mark 0x7
	        return from strangers  T
	      handle $(handle 'operation request')  arp operation request accept  T, then T
	  complete: ACCEPT in nft arp guard input at INPUT
END
check "nothing is lost" grep -q 'nothing lost$' "$trace_dir/tree.err"
check "the traces are alike" same "$(for f in tree line folded json pcapng; do summary $f | head -n 1; done | sort -u | wc -l)" 1
check "a line for each event" same "$(shown line | sed -nE 's/^TIME #4\.?([0-9]*) RIGHT nft arp guard input at INPUT (.*)/\1 \2/p' | sed -E 's/  T$//; s/ [0-9.]+ [mu]?s$//')" \
	"$(printf '%s\n' "1 ARP, Reply 192.0.2.50 is-at 02:00:00:00:00:01 len 28 | enter in eth0" \
		"2 ARP, Reply 192.0.2.50 is-at 02:00:00:00:00:01 len 28 | input handle $(handle 'operation reply'): arp operation reply drop" \
		"3 ARP, Reply 192.0.2.50 is-at 02:00:00:00:00:01 len 28 | DROP" \
		" ARP, Reply 192.0.2.50 is-at 02:00:00:00:00:01 len 28 | complete")"
check "folded: a stack of its chains" same \
	"$(sed -E 's/ [0-9]+$//; s/handle [0-9]+/handle N/' "$trace_dir/folded.out" | grep strangers | grep -v jump | sort -u)" \
	"$(printf 'nft arp guard;input;strangers;%s\n' "handle N arp saddr ip { 192.0.2.66, 192.0.2.67 } drop" "handle N meta mark set 0x00000007" "return from strangers")"
check "json: what ARP says, and nothing of IP" same \
	"$(jq -c 'select(.type == "enter" and .packet == 2) | [.family, .nft_family, .hook, .ip, .out.name, .arp]' "$trace_dir/record.json")" \
	'["arp","arp","OUTPUT",null,"eth0",{"operation":"reply","operation_number":2,"hardware":1,"hardware_length":6,"protocol":2048,"protocol_length":4,"sender":"192.0.2.2","sender_ethernet":"02:00:00:00:00:02","target":"192.0.2.50","target_ethernet":"02:00:00:00:00:01","length":28,"mark":0}]'
check "json: its bytes from the ARP header on, in and out" same \
	"$(jq -r 'select(.type == "enter" and .packet <= 2) | .header' "$trace_dir/record.json" | xargs)" \
	"0001080006040001020000000001c0000232000000000000c0000202 0001080006040002020000000002c0000202020000000001c0000232"
check "json: the mark as a rule left it" same "$(jq -c 'select(.type == "leave" and .packet == 7) | .arp.mark' "$trace_dir/record.json")" 7
check "pcapng: other programs read it as ARP" same \
	"$(tcpdump -nr "$trace_dir/record.pcapng" 2>/dev/null | sort | grep -o 'ARP, .*' | head -n 4)" \
	"$(printf '%s\n' "ARP, Request who-has 192.0.2.2 tell 192.0.2.50, length 28" "ARP, Reply 192.0.2.2 is-at 02:00:00:00:00:02, length 28" \
		"ARP, Request who-has 192.0.2.2 tell 192.0.2.66, length 28" "ARP, Reply 192.0.2.50 is-at 02:00:00:00:00:01, length 28")"
for format in json pcapng; do
	check "$format again as tree" same "$(iptables-trace --color never --cost --read "$trace_dir/record.$format" 2>/dev/null | trees_by_packet | steady)" \
		"$(trees_by_packet <"$trace_dir/tree.out" | steady)"
	check "$format again as line" same "$(iptables-trace --color never --cost --read "$trace_dir/record.$format" --format line 2>/dev/null | sed 's/^[^ ]* //' | sort)" \
		"$(sed 's/^[^ ]* //' "$trace_dir/line.out" | sort)"
done
check "from one to the other and back nothing changes" cmp \
	<(iptables-trace --read "$trace_dir/record.json" --format pcapng 2>/dev/null | iptables-trace --read - --format json 2>/dev/null) \
	<(iptables-trace --read "$trace_dir/record.json" --format json 2>/dev/null)

# Which packets.
traces none tcp
check "an expression without the word selects none" same "$(heads none)" UDP
traces host 'arp host 192.0.2.66'
check "an address that ARP asks for or tells" same "$(heads host)" "Request 192.0.2.2 UDP"
traces mixed 'arp[6:2] = 2 or udp port 1001'
check "answers, and something of IP" same "$(heads mixed)" "Reply 192.0.2.2 Reply 192.0.2.50 Reply 192.0.2.2 Reply 192.0.2.2 UDP UDP"
traces rest 'not udp port 1001'
check "what leaves something of IP out leaves ARP in" same "$(heads rest | tr ' ' '\n' | grep -cE 'Request|Reply')" 8
traces four -4 'udp or ip'
check "-4 leaves it out" same "$(heads four)" "UDP UDP"
# Nothing is asked: everything is shown.
trace all -c 2
arp_from 192.0.2.66
udp 1001
trace_wait all
check "without an expression ARP is traced beside IP" same "$(heads all)" "Request 192.0.2.2 UDP"
# selected NAME COUNT OPTION...: so many packets of all of them.
selected()
{
	trace "$1" -c "$2" "${@:3}"
	everything
	trace_wait "$1"
}
selected chosen 8 --table arp:guard
check "--table arp:guard shows that table alone" same "$(heads chosen | tr ' ' '\n' | grep -cE 'Request|Reply|UDP')" 8
selected in 5 --hook input arp
check "--hook input: what comes in" same "$(heads in)" "Request 192.0.2.2 Request 192.0.2.2 Reply 192.0.2.50 Request 192.0.2.2 Request 192.0.2.2"
selected out 3 --hook output arp
check "--hook output: what goes out" same "$(heads out)" "Reply 192.0.2.2 Reply 192.0.2.2 Reply 192.0.2.2"
trace flows -c 3 --first 1 arp
for host in 50 50 50 66; do arp_from 192.0.2.$host; done
what_arp 1 192.0.2.66 192.0.2.9
trace_wait flows
check "--first 1: the first of what two addresses tell each other, both ways" same "$(texts flows)" \
	"$(printf 'ARP, Request who-has %s len 28\n' '192.0.2.2 tell 192.0.2.50' '192.0.2.2 tell 192.0.2.66' '192.0.2.9 tell 192.0.2.66')"
trace other -c 2 -v arp
arp_from 192.0.2.66 -t 6
arp_from 192.0.2.66 -p 18
trace_wait other
check "other hardware has addresses of its own, a link may pad" same "$(texts other)" \
	"$(printf '%s\n' 'ARP, request (hardware 6, addresses of 6 bytes; protocol 0x0800, of 4 bytes) len 28' \
		'ARP, Request who-has 192.0.2.2 tell 192.0.2.66 len 46 192.0.2.66 at 02:00:00:00:00:01 > 192.0.2.2 at 00:00:00:00:00:00')"

# What did not match, and why.
trace explained -c 1 --explain 'arp src host 192.0.2.50'
arp_from 192.0.2.50
trace_wait explained
check "--explain says by the header why rules did not match" same \
	"$(shown explained | grep -oE 'handle [0-9]+|no match: .*' | xargs)" \
	"handle $(handle 'operation reply') no match: arp operation reply: packet has request handle $(handle 'jump strangers') no match: arp saddr ip 192.0.2.64-192.0.2.79: packet has 192.0.2.50 handle $(handle 'operation request')"

# What cannot be asked.
check "an address of Ethernet: which way is out" refused "those that ARP tells are arp[8:4] and arp[12:2] of the sender" \
	'arp and ether src 02:00:00:00:00:01'
check "a VLAN: in the words of libpcap" refused "VLAN" 'arp or vlan 3'
check "ARP with -4" refused "rejects all packets" -4 arp
check "its table with -6" refused "no packet can match" -6 --table arp:guard
# Whose packets: those of ARP belong to nobody.
trace mine -c 1 --uid 0 'arp or udp port 9997'
in_right nft -f - <<<'table ip web { chain output { type filter hook output priority 0; udp dport 9997 counter; }; }'
arp_from 192.0.2.50
# Who has 192.0.2.77? is asked by the kernel while this process sends.
in_right bash -c 'echo x >/dev/udp/192.0.2.77/9997'
trace_wait mine
check "ARP has no owner" same "$(heads mine)" UDP

in_right nft delete table ip web
unload ip_tables ip6_tables
trace alone -c 1
arp_from 192.0.2.66
trace_wait alone
check "a table of ARP alone is something to trace" same "$(heads alone)" "Request 192.0.2.2"
nothing_to_trace()
{
	local status=0
	timeout 30 iptables-trace -4 --netns "$right" >"$trace_dir/nothing" 2>&1 || status=$?
	same "$status" 3 && grep -q 'so there is no rule to trace' "$trace_dir/nothing"
}
check "... but not with -4" nothing_to_trace
ktap_end
