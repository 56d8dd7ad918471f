#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A packet that was selected by its address before NAT is followed through the tables that see it with another one.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
make_far
in_right iptables-legacy-restore <<-END
	*nat
	-A PREROUTING -d 192.0.2.2/32 -p udp -m udp --dport 53 -j DNAT --to-destination 198.51.100.2:5353
	-A POSTROUTING -o eth1 -j SNAT --to-source 198.51.100.1
	COMMIT
	*filter
	-A FORWARD -d 198.51.100.2/32 -p udp -m udp --dport 5353 -j ACCEPT
	COMMIT
END
in_right ip6tables-legacy-restore <<-END
	*nat
	-A PREROUTING -d 2001:db8::2/128 -p udp -m udp --dport 53 -j DNAT --to-destination [2001:db8:1::2]:5353
	COMMIT
	*filter
	-A FORWARD -d 2001:db8:1::2/128 -p udp -m udp --dport 5353 -j DROP
	COMMIT
END

# A connection outlives the three traces that it is seen by, however slow this machine is.
in_right sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600

ktap_plan 4
trace nat -c 2 'udp dst port 53 and (dst host 192.0.2.2 or dst host 2001:db8::2)'
udp 53
udp6 53
trace_wait nat
check "IPv4: DNAT and SNAT" block_is nat '#1 ' <<-END
	TIME #1 UDP 192.0.2.1:4000 > 192.0.2.2:53 len 28 in eth0 netns RIGHT
	  nat PREROUTING  ACCEPT  T
	      1  -A PREROUTING -d 192.0.2.2/32 -p udp -m udp --dport 53 -j DNAT --to-destination 198.51.100.2:5353
	  now 192.0.2.1:4000 > 198.51.100.2:5353
	  filter FORWARD eth0 > eth1  ACCEPT  T
	      1  -A FORWARD -d 198.51.100.2/32 -p udp -m udp --dport 5353 -j ACCEPT
	  nat POSTROUTING  ACCEPT  T
	      1  -A POSTROUTING -o eth1 -j SNAT --to-source 198.51.100.1
	  complete: ACCEPT in nat POSTROUTING
END
check "IPv6: DNAT, then dropped" block_is nat '#2 ' <<-END
	TIME #2 UDP [2001:db8::1]:4000 > [2001:db8::2]:53 len 48 in eth0 netns RIGHT
	  nat PREROUTING  ACCEPT  T
	      1  -A PREROUTING -d 2001:db8::2/128 -p udp -m udp --dport 53 -j DNAT --to-destination [2001:db8:1::2]:5353
	  now [2001:db8::1]:4000 > [2001:db8:1::2]:5353
	  filter FORWARD eth0 > eth1  DROP  T
	      1  -A FORWARD -d 2001:db8:1::2/128 -p udp -m udp --dport 5353 -j DROP
	  complete: DROP in filter FORWARD
END

# Later packets of a connection do not enter the nat table; they are changed all the same.
in_right iptables-legacy -t raw -A PREROUTING -p udp -m udp --dport 53
trace later -c 1 'udp dst port 53 and dst host 192.0.2.2'
udp 53
trace_wait later
check "a later packet of the connection" shows later <<-END
	TIME #1 UDP 192.0.2.1:4000 > 192.0.2.2:53 len 28 in eth0 netns RIGHT
	  raw PREROUTING  ACCEPT  T
	      1  -A PREROUTING -p udp -m udp --dport 53
	      policy ACCEPT
	  now 192.0.2.1:4000 > 198.51.100.2:5353, ct NEW
	  filter FORWARD eth0 > eth1  ACCEPT  T
	      1  -A FORWARD -d 198.51.100.2/32 -p udp -m udp --dport 5353 -j ACCEPT
	  complete: ACCEPT in filter FORWARD
END

# The answer is selected by what it is when it comes, and loses those addresses only behind the tables.
trace answer -c 1 'udp src port 5353'
in_far bin/send_packet 198.51.100.2 198.51.100.1 17 14e90fa000080000
trace_wait answer
check "the answer" shows answer <<-END
	TIME #1 UDP 198.51.100.2:5353 > 198.51.100.1:4000 len 28 in eth1 netns RIGHT
	  raw PREROUTING  ACCEPT  T
	      policy ACCEPT
	  now 198.51.100.2:5353 > 192.0.2.1:4000, ct ESTABLISHED (reply)
	  filter FORWARD eth1 > eth0  ACCEPT  T
	      policy ACCEPT
	  complete: ACCEPT in filter FORWARD
END
ktap_end
