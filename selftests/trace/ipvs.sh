#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A packet that IPVS sends on from INPUT is one packet, with its address before and behind it.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

modprobe -q ip_vs || skip_all "this kernel has no IPVS"
make_pair
make_far
for tool in iptables-legacy ip6tables-legacy; do
	in_right $tool-restore <<-END
		*mangle
		-A POSTROUTING -p udp
		COMMIT
		*filter
		-A INPUT -p udp -m udp --dport 53
		-A FORWARD -p udp -m udp --sport 5353
		-A OUTPUT -p udp -m udp --dport 5353 -j ACCEPT
		-A OUTPUT -p udp -m udp --dport 54 -j ACCEPT
		COMMIT
	END
done
# serve SERVICE SERVER HOW
serve() { in_right ipvsadm -A -u "$1" -s rr && in_right ipvsadm -a -u "$1" -r "$2" "$3"; }

ktap_plan 6
serve 192.0.2.2:53 198.51.100.2:5353 -m
serve '[2001:db8::2]:53' '[2001:db8:1::2]:5353' -m
trace masqueraded -c 2 'udp dst port 53'
udp 53
udp6 53
trace_wait masqueraded
check "IPv4: one packet, to the service and on to the server behind it" block_is masqueraded '#1 ' <<-END
	TIME #1 UDP 192.0.2.1:4000 > 192.0.2.2:53 len 28 in eth0 netns RIGHT
	  mangle PREROUTING  ACCEPT  T
	      policy ACCEPT
	  mangle INPUT  ACCEPT  T
	      policy ACCEPT
	  filter INPUT  ACCEPT  T
	      1  -A INPUT -p udp -m udp --dport 53
	      policy ACCEPT
	  now 192.0.2.1:4000 > 198.51.100.2:5353
	  mangle OUTPUT out eth1  ACCEPT  T
	      policy ACCEPT
	  filter OUTPUT  ACCEPT  T
	      1  -A OUTPUT -p udp -m udp --dport 5353 -j ACCEPT
	  mangle POSTROUTING eth0 > eth1  ACCEPT  T
	      1  -A POSTROUTING -p udp
	      policy ACCEPT
	  complete: ACCEPT in mangle POSTROUTING
END
check "IPv6: the same" block_is masqueraded '#2 ' <<-END
	TIME #2 UDP [2001:db8::1]:4000 > [2001:db8::2]:53 len 48 in eth0 netns RIGHT
	  mangle PREROUTING  ACCEPT  T
	      policy ACCEPT
	  mangle INPUT  ACCEPT  T
	      policy ACCEPT
	  filter INPUT  ACCEPT  T
	      1  -A INPUT -p udp -m udp --dport 53
	      policy ACCEPT
	  now [2001:db8::1]:4000 > [2001:db8:1::2]:5353
	  mangle OUTPUT out eth1  ACCEPT  T
	      policy ACCEPT
	  filter OUTPUT  ACCEPT  T
	      1  -A OUTPUT -p udp -m udp --dport 5353 -j ACCEPT
	  mangle POSTROUTING eth0 > eth1  ACCEPT  T
	      1  -A POSTROUTING -p udp
	      policy ACCEPT
	  complete: ACCEPT in mangle POSTROUTING
END

trace answer -c 1 'udp src port 5353'
in_far bin/send_packet 198.51.100.2 192.0.2.1 17 14e90fa000080000
trace_wait answer
check "the answer, which is the service's when it leaves" shows answer <<-END
	TIME #1 UDP 198.51.100.2:5353 > 192.0.2.1:4000 len 28 in eth1 netns RIGHT
	  mangle PREROUTING  ACCEPT  T
	      policy ACCEPT
	  mangle FORWARD eth1 > eth0  ACCEPT  T
	      policy ACCEPT
	  filter FORWARD  ACCEPT  T
	      1  -A FORWARD -p udp -m udp --sport 5353
	      policy ACCEPT
	  now 192.0.2.2:53 > 192.0.2.1:4000
	  mangle POSTROUTING  ACCEPT  T
	      1  -A POSTROUTING -p udp
	      policy ACCEPT
	  complete: ACCEPT in mangle POSTROUTING
END

serve 192.0.2.2:54 198.51.100.2 -g
trace routed -c 1 'udp dst port 54'
udp 54
trace_wait routed
check "what goes to the server as it came is one packet too" shows routed <<-END
	TIME #1 UDP 192.0.2.1:4000 > 192.0.2.2:54 len 28 in eth0 netns RIGHT
	  mangle PREROUTING  ACCEPT  T
	      policy ACCEPT
	  mangle INPUT  ACCEPT  T
	      policy ACCEPT
	  filter INPUT  ACCEPT  T
	      policy ACCEPT
	  mangle OUTPUT out eth1  ACCEPT  T
	      policy ACCEPT
	  filter OUTPUT  ACCEPT  T
	      2  -A OUTPUT -p udp -m udp --dport 54 -j ACCEPT
	  mangle POSTROUTING eth0 > eth1  ACCEPT  T
	      1  -A POSTROUTING -p udp
	      policy ACCEPT
	  complete: ACCEPT in mangle POSTROUTING
END
# Its counters are renewed every other second.
sent() { [ "$(in_right ipvsadm -Ln --stats --exact | awk '$1 == "UDP" && $4 > 0 { print $2 }' | sort | xargs)" = "$*" ]; }
check "it was IPVS that sent them there" wait_until 10 sent 192.0.2.2:53 192.0.2.2:54 '[2001:db8::2]:53'
check "no packet's number is a guess" same "$(cat "$trace_dir"/*.out "$trace_dir"/*.err | grep -c guess)" 0
ktap_end
