#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The same packets in every format; a recording of them shows again what the trace showed, as any user, in any format.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
make_far
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -p udp -m udp --dport 7
	COMMIT
	*mangle
	-A PREROUTING -p udp -m udp --dport 7 -j MARK --set-xmark 0x7/0xffffffff
	COMMIT
	*nat
	-A PREROUTING -d 192.0.2.2/32 -p udp -m udp --dport 53 -j DNAT --to-destination 198.51.100.2:5353
	-A POSTROUTING -o eth1 -j SNAT --to-source 198.51.100.1
	COMMIT
	*filter
	:INPUT DROP
	:LAN -
	:PORTS -
	-A INPUT -p icmp -j ACCEPT
	-A INPUT -i eth0 -j LAN
	-A LAN -p tcp -j PORTS
	-A LAN -p udp -m udp --dport 9 -m comment --comment "no; \"thanks\" über" -j REJECT
	-A PORTS -p tcp -m tcp --dport 443 -j ACCEPT
	-A PORTS -s 192.0.2.0/24 -j DROP
	COMMIT
END
in_right ip6tables-legacy -A INPUT -p udp -m udp --dport 53 -j ACCEPT

syn() { in_left bin/send_packet 192.0.2.1 192.0.2.2 6 "$(printf '0fa0%04x000000000000000050020100000000000' "$1")"; }
traffic()
{
	udp 53
	udp 7
	udp 9
	udp6 53
	syn 443
	syn 23
	in_left ping -nqc1 -W1 192.0.2.2 >/dev/null
	# The last half of a datagram, and one that is larger than what is kept of it.
	in_left ping -nqc1 -W1 -s 3000 192.0.2.2 >/dev/null
}
again() { setpriv --reuid 65534 --regid 65534 --clear-groups iptables-trace --color never --cost --read "$@" 2>/dev/null; }

ktap_plan 23
filter='udp or tcp or icmp[icmptype] != icmp-echoreply'
for format in tree line folded; do
	trace $format --cost --format $format "$filter"
done
for format in json pcapng; do
	trace $format --cost --format $format -o "$trace_dir/record.$format" "$filter"
done
traffic
# A packet's end is known some time after it.
for name in tree line record.json; do
	wait_until 20 grep -qE 'complete: ACCEPT in nat INPUT|len 3028 . complete|"length":3028' "$trace_dir/$name"*
done
for format in tree line folded json pcapng; do
	trace_stop $format
done
chmod 755 "$trace_dir"
chmod 644 "$trace_dir"/*

check "the traces are alike" same "$(for f in tree line folded json pcapng; do summary $f | head -n 1; done | sort -u | wc -l)" 1
for format in json pcapng; do
	record=$trace_dir/record.$format
	check "$format again as tree" same "$(again "$record" | trees_by_packet | steady)" \
		"$(trees_by_packet <"$trace_dir/tree.out" | steady)"
	check "$format again as line" same "$(again "$record" --format line | lines_by_packet | steady)" \
		"$(lines_by_packet <"$trace_dir/line.out" | steady)"
	check "$format again as folded" same "$(again "$record" --format folded)" "$(cat "$trace_dir/folded.out")"
	check "$format again as json and from there as pcapng, nothing is lost" \
		same "$(again "$record" --format json | again - --format pcapng | again - --format json | md5sum)" \
		"$(again "$record" --format json | md5sum)"
done
check "json again as json is the same" cmp "$trace_dir/record.json" <(again "$trace_dir/record.json" --format json)
check "pcapng again as pcapng is the same" cmp "$trace_dir/record.pcapng" <(again "$trace_dir/record.pcapng" --format pcapng)

walks=$(grep -c '"type":"enter"' "$trace_dir/record.json")
check "json is one object a line" same "$(jq -c . "$trace_dir/record.json" | wc -l)" "$(wc -l <"$trace_dir/record.json")"
check "pcapng has each packet once for each table that it entered" same "$(tcpdump -nr "$trace_dir/record.pcapng" 2>/dev/null | wc -l)" "$walks"
check "... as it was there" same "$(tcpdump -nr "$trace_dir/record.pcapng" 'udp src port 4000 and udp dst port 5353' 2>/dev/null | wc -l)" 4
dropped() { jq -r 'select(.type == "packet" and .verdict == "DROP") | .packet' "$trace_dir/record.json" | sort -n; }
check "--verdict drop,reject shows those packets whole, and no others" \
	same "$(again "$trace_dir/record.json" --verdict drop,reject | sed -nE 's/^[^ ]+ #([0-9]+) .*/\1/p' | sort -n)" "$(dropped)"
check "--verdict drop knows rejected ones apart" \
	same "$(again "$trace_dir/record.json" --verdict drop | grep -c 'j REJECT') $(again "$trace_dir/record.json" --verdict reject | grep -c 'j REJECT')" "0 1"
check "--chain shows the tables where a chain was met" \
	same "$(again "$trace_dir/record.json" --chain PORTS,nothing | grep -E '^  (raw|mangle|nat|filter)' | steady | sort)" \
	"  filter INPUT  ACCEPT  T
  filter INPUT  DROP  T"
check "--table shows a table alone" same "$(again "$trace_dir/record.json" --table nat --format line | awk '{ print $4 }' | sort -u)" nat
check "--rules-only shows neither policies nor tables without a rule" \
	same "$(again "$trace_dir/record.json" --rules-only | grep -cE 'policy|return from|nat POSTROUTING  ACCEPT$')" 0
narrow() { again "$trace_dir/record.json" --width 40; }
check "--width breaks lines" same "$(narrow | awk 'length > 40' | wc -l)" 0
check "... and nothing else" same "$(narrow | xargs -d '\n' -n1 echo | tr -s ' \n' ' ')" "$(again "$trace_dir/record.json" | tr -s ' \n' ' ')"

# Small files; the last hold the last packets.
trace turning --format json -o "$trace_dir/turning" --rotate 4k --keep 3 -c 20 'udp port 7'
udp 7 20
trace_wait turning
turned() { for f in "$trace_dir/turning".2 "$trace_dir/turning".1 "$trace_dir/turning"; do again "$f" --format line | awk '$NF == "complete" { print $2 }'; done; }
check "--rotate begins a new file, --keep removes the oldest, each is a recording" \
	same "$(find "$trace_dir" -name 'turning.[0-9]*' | wc -l) $(turned | tail -n 1) $(turned | sort -u | wc -l)" "2 #20 $(turned | wc -l)"
trace killed --format json -o "$trace_dir/killed" 'udp port 7'
udp 7 3
wait_until 10 grep -q '"type":"packet"' "$trace_dir/killed"
kill -9 "${trace_pids[killed]}"
trace_wait killed
check "a recording whose tool was killed can be read" test "$(again "$trace_dir/killed" | grep -c complete)" -ge 1
ktap_end
