#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The same rules in iptables-legacy and in iptables-nft, the same packets through both: the trees are equal but for the name of
# the back end, for IPv4 and IPv6, with and without --explain, and when read again from a recording.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

# ruleset TOOL ADDRESS/LENGTH REJECT-WITH
ruleset()
{
	{
		cat <<-END
			*raw
			:PREROUTING ACCEPT
			:OUTPUT ACCEPT
			-A PREROUTING -p udp -m udp --dport 1009 -j CT --notrack
			COMMIT
			*mangle
			:PREROUTING ACCEPT
			:INPUT ACCEPT
			:FORWARD ACCEPT
			:OUTPUT ACCEPT
			:POSTROUTING ACCEPT
			:marks -
			-A PREROUTING -p udp -m udp --dport 1006 -j marks
			-A marks -j MARK --set-xmark 0x5/0xffffffff
			-A marks -m mark --mark 0x5 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
			COMMIT
			*nat
			:PREROUTING ACCEPT
			:INPUT ACCEPT
			:OUTPUT ACCEPT
			:POSTROUTING ACCEPT
			-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80
			COMMIT
			*filter
			:FORWARD ACCEPT
			:OUTPUT ACCEPT
		END
		every_way "$3"
		cat <<-END
			-A INPUT -s $2 -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
			-A INPUT -p udp -m pkttype --pkt-type unicast -m addrtype --dst-type MULTICAST -m quota --quota 9 -j DROP
			-A INPUT -p udp -m multiport --dports 1009,1010:1012 -m comment --comment "semi; \"colon\"" -j DROP
			-A INPUT -p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT
			COMMIT
		END
	} | in_right "$1-restore"
}

# all_there NAME: each packet that is compared has come to its end. One that is dropped does so at once, others after a while.
all_there()
{
	local port
	for port in 8080 {1001..1009}; do
		grep -q "\"destination_port\":$port" "$trace_dir/$1.out" || return
	done
	grep -q '"made_by"' "$trace_dir/$1.out"
}

# traced NAME BACK-END FAMILY: what is shown of a connection and of a packet to each port, with all rules, in NAME.out.
traced()
{
	local tool=iptables-$2 network=192.0.2.0/24 with=icmp-port-unreachable send=udp to=192.0.2.2 port server
	[ "$3" = 4 ] || tool=ip6tables-$2 network=2001:db8::/64 with=icmp6-port-unreachable send=udp6 to=2001:db8::2
	make_pair
	know_each_other
	ruleset "$tool" $network $with
	nsenter --net=/run/netns/"$right" -- nc -"$3" -lk 80 >/dev/null 2>&1 &
	server=$!
	cleanup_push kill $server
	listening() { in_right ss -Hlnt "sport = 80" | grep -q .; }
	wait_until 10 listening | diag
	# Of a connection, what does not depend on when somebody reads.
	trace "$1" -"$3" --explain --format json \
		'tcp port 4001 or (udp and dst portrange 1001-1009)'
	in_left nc -"$3" -p 4001 -w 2 $to 8080 </dev/null
	for port in 1001 1002 1003 1004 1005 1006 1007 1008 1009; do $send $port; done
	wait_until 20 all_there "$1"
	trace_stop "$1"
	mv "$trace_dir/$1.out" "$trace_dir/$1.json"
	for form in tree explained line; do
		local option=--format=$form
		[ $form != explained ] || option=--explain
		iptables-trace --color never "$option" --read "$trace_dir/$1.json" 2>/dev/null | steady >"$trace_dir/$1.$form"
	done
}

# The first segment of the connection and all datagrams, in whatever order they came to their end: how a connection ends
# depends on who is faster, and on a slow machine the first segment may be sent twice.
steady_packets()
{
	awk -v RS= -v ORS='\n' '/:4001 > .*:8080 SYN len/ && sent++ { next }
		/:4001 > .*:8080 SYN len/ || / UDP .* > .*:10[0-9][0-9] / || / ICMP/ { gsub("\n", "\r"); print }' |
		sed -E 's/ #[0-9]+( |\r)/ #N\1/g' | sort | tr '\r' '\n'
}
without_back_end() { sed -E 's/nft ip6? //g'; }
# equal FORM FAMILY
equal()
{
	diff <(steady_packets <"$trace_dir/legacy$2.$1") \
		<(without_back_end <"$trace_dir/nft$2.$1" | steady_packets) >"$trace_dir/difference" ||
		{ head -n 30 "$trace_dir/difference" && false; }
}
names_back_end()
{
	grep -qE "^  nft $2 filter INPUT  DROP" "$trace_dir/nft$1.tree" && ! grep -q nft "$trace_dir/legacy$1.tree"
}

ktap_plan 14
for family in 4 6; do
	ip=ip
	[ $family = 4 ] || ip=ip6
	traced legacy$family legacy $family
	traced nft$family nft $family
	check "IPv$family: enough was traced to compare" same "$(steady_packets <"$trace_dir/legacy$family.tree" | grep -c '^TIME')" 11
	check "IPv$family: nothing was lost on either" same \
		"$(grep -c 'nothing lost$' "$trace_dir/legacy$family.err" "$trace_dir/nft$family.err" | cut -d: -f2 | xargs)" "1 1"
	check "IPv$family: the trees are equal but for the name of the back end" equal tree $family
	check "IPv$family: so are those with the rules that did not match" equal explained $family
	check "IPv$family: which back end it was stands there" names_back_end $family $ip
	check "IPv$family: what REJECT sent is told to be of its rule" grep -qx \
		"  made while #[0-9]* was in nft $ip filter INPUT, at rule 3 of INPUT" "$trace_dir/nft$family.tree"
	check "IPv$family: a rule's own marks stand below it" same \
		"$(grep -A 1 -- '-A marks -j MARK' "$trace_dir/nft$family.tree" | tail -n 1 | xargs)" "mark 0x5"
done
ktap_end
