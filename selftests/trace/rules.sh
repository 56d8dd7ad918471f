#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every way through a table is shown with the right rules, numbers, texts, depth and verdict, for IPv4 and IPv6.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair

# ruleset TOOL REJECT-WITH
ruleset()
{
	{
		echo '*filter'
		every_way "$2"
		echo COMMIT
	} | in_right "$1-restore"
}

declare_family()
{
	case $1 in
	4) tool=iptables-legacy with=icmp-port-unreachable send=udp from=192.0.2.1 to=192.0.2.2 from_port=$from:4000 to_port=$to: ;;
	6) tool=ip6tables-legacy with=icmp6-port-unreachable send=udp6 from=2001:db8::1 to=2001:db8::2
		from_port=[$from]:4000 to_port=[$to]: ;;
	esac
}

ktap_plan 22
for family in 4 6; do
	declare_family $family
	ruleset "$tool" "$with"
	length=28 error='ICMP' unreachable=56
	[ $family = 4 ] || length=48 error='ICMPv6' unreachable=96
	trace rules -c 8 'udp and dst portrange 1001-1008'
	for port in 1001 1002 1003 1004 1005 1006 1007 1008; do
		$send $port
	done
	trace_wait rules

	head() { echo "TIME #$1 UDP $from_port > $to_port$2 len $length in eth0 netns RIGHT"; }

	check "IPv$family: a rule accepts" block_is rules ":1001 " <<-END
		$(head 1 1001)
		  filter INPUT  ACCEPT  T
		      1  -A INPUT -p udp -m udp --dport 1001 -j ACCEPT
		  complete: ACCEPT in filter INPUT
	END
	check "IPv$family: a rule drops" block_is rules ":1002 " <<-END
		$(head 2 1002)
		  filter INPUT  DROP  T
		      2  -A INPUT -p udp -m udp --dport 1002 -j DROP
		  complete: DROP in filter INPUT
	END
	check "IPv$family: a rule rejects" block_is rules ":1003 " <<-END
		$(head 3 1003)
		  filter INPUT  DROP  T
		      3  -A INPUT -p udp -m udp --dport 1003 -j REJECT --reject-with $with
		  complete: DROP in filter INPUT
	END
	check "IPv$family: what the rule sends is shown with where it came from" block_is rules "$error $to > $from" <<-END
		TIME #4 $error $to > $from unreachable (port) len $unreachable out eth0 netns RIGHT
		  made while #3 was in filter INPUT, at rule 3 of INPUT
		  filter OUTPUT  ACCEPT  T
		      policy ACCEPT
		  complete: ACCEPT in filter OUTPUT
	END
	check "IPv$family: jumps into chains within chains, an end of a chain, a RETURN that was written, the policy" \
		block_is rules ":1004 " <<-END
			$(head 5 1004)
			  filter INPUT  DROP  T
			      4  -A INPUT -p udp -m udp --dport 1004 -j user
			        1  -A user -m comment --comment "first of \"user\" -j DROP" -j deep
			          1  -A deep -p udp
			          return from deep
			        3  -A user -j RETURN
			      policy DROP
			  complete: DROP in filter INPUT
		END
	check "IPv$family: a goto does not come back" block_is rules ":1005 " <<-END
		$(head 6 1005)
		  filter INPUT  DROP  T
		      5  -A INPUT -p udp -m udp --dport 1005 -g elsewhere
		        return from elsewhere
		      policy DROP
		  complete: DROP in filter INPUT
	END
	check "IPv$family: a rule that only counts, a chain without rules" block_is rules ":1006 " <<-END
		$(head 7 1006)
		  filter INPUT  DROP  T
		      6  -A INPUT -p udp -m udp --dport 1006
		      7  -A INPUT -p udp -m udp --dport 1006 -j empty
		        return from empty
		      policy DROP
		  complete: DROP in filter INPUT
	END
	check "IPv$family: the same chain from two places, a verdict from within" block_is rules ":1007 " <<-END
		$(head 8 1007)
		  filter INPUT  ACCEPT  T
		      8  -A INPUT -p udp -m udp --dport 1007 -j deep
		        1  -A deep -p udp
		        return from deep
		      9  -A INPUT -p udp -m udp --dport 1007 -j user
		        1  -A user -m comment --comment "first of \"user\" -j DROP" -j deep
		          1  -A deep -p udp
		          return from deep
		        2  -A user -p udp -m udp --dport 1007 -j ACCEPT
		  complete: ACCEPT in filter INPUT
	END
	check "IPv$family: a RETURN from a built-in chain goes to its policy" block_is rules ":1008 " <<-END
		$(head 9 1008)
		  filter INPUT  DROP  T
		      10  -A INPUT -p udp -m udp --dport 1008 -j RETURN
		      policy DROP
		  complete: DROP in filter INPUT
	END
	check "IPv$family: the summary" same "$(summary rules)" "iptables-trace: 9 packets, 45 events, nothing lost"
	check "IPv$family: the exit status" same "$trace_status" 0
done
ktap_end
