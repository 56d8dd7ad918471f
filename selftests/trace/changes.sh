#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What rules and tables change about a packet is shown where it happens: mark, connection mark, TOS, TTL; and the connection's
# state.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -p udp
	COMMIT
	*mangle
	-A PREROUTING -p udp -j MARK --set-xmark 0x7/0xffffffff
	-A PREROUTING -p udp -j CONNMARK --set-xmark 0x9/0xffffffff
	-A INPUT -p udp -j TOS --set-tos 0x10/0xff
	-A INPUT -p udp -j TTL --ttl-dec 3
	COMMIT
	*filter
	-A INPUT -m conntrack --ctstate NEW -j DROP
	COMMIT
END

ktap_plan 1
trace changes -c 1 'udp port 53'
udp 53
trace_wait changes
check "mark, connection mark, TOS and state" shows changes <<-END
	TIME #1 UDP 192.0.2.1:4000 > 192.0.2.2:53 len 28 in eth0 netns RIGHT
	  raw PREROUTING  ACCEPT  T
	      1  -A PREROUTING -p udp
	      policy ACCEPT
	  ct NEW
	  mangle PREROUTING  ACCEPT  T
	      1  -A PREROUTING -p udp -j MARK --set-xmark 0x7/0xffffffff
	           mark 0x7
	      2  -A PREROUTING -p udp -j CONNMARK --set-xmark 0x9/0xffffffff
	           connmark 0x9
	      policy ACCEPT
	  mangle INPUT  ACCEPT  T
	      1  -A INPUT -p udp -j TOS --set-tos 0x10/0xff
	      2  -A INPUT -p udp -j TTL --ttl-dec 3
	      policy ACCEPT
	      tos 0x10, ttl 61
	  filter INPUT  DROP  T
	      1  -A INPUT -m conntrack --ctstate NEW -j DROP
	  complete: DROP in filter INPUT
END
ktap_end
