#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Verdicts that are neither ACCEPT nor DROP, drops that no rule makes, and packets that are made inside a table.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN -j CT --notrack
	COMMIT
	*filter
	:first -
	-A INPUT -p udp -m udp --dport 1001 -j NFQUEUE --queue-num 17 --queue-bypass
	-A INPUT -p udp -m udp --dport 1002 -j NFQUEUE --queue-num 65535
	-A INPUT -p tcp -j first
	-A INPUT -p tcp -m state --state INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
	-A first -s 203.0.113.1/32
	-A first -p tcp -m tcp --dport 81 -j ACCEPT
	COMMIT
	*mangle
	-A PREROUTING -p udp -m udp --dport 1003 -j TEE --gateway 192.0.2.1
	-A PREROUTING -p udp -m udp --dport 1003 -j DROP
	COMMIT
END

ktap_plan 8
trace queue -c 1 'udp dst port 1001'
udp 1001
trace_wait queue
check "NFQUEUE with its number" same "$(shown queue | grep -E '^  (filter|complete)')" \
	"  filter INPUT  QUEUE 17  T
  complete so far: QUEUE 17 in filter INPUT, not seen since"
trace queue -c 1 'udp dst port 1002'
udp 1002
trace_wait queue
check "the highest queue" same "$(shown queue | grep -E '^  (filter|complete)')" \
	"  filter INPUT  QUEUE 65535  T
  complete so far: QUEUE 65535 in filter INPUT, not seen since"

trace stolen -c 1 'tcp dst port 80'
in_left bin/send_packet 192.0.2.1 192.0.2.2 6 0fa00050000000000000000050020100000000000
trace_wait stolen
check "a packet that the table takes away" same "$(shown stolen | grep -A 4 '^  filter INPUT')" \
	"  filter INPUT  STOLEN  T
      3  -A INPUT -p tcp -j first
        return from first
      4  -A INPUT -p tcp -m state --state INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
  complete: STOLEN in filter INPUT"
check "and what it sends in its place" same "$(shown stolen | grep -E 'SYN,ACK|made while' | sed 's/ len .*//')" \
	"TIME #2 TCP 192.0.2.2:80 > 192.0.2.1:4000 SYN,ACK
  made while #1 was in filter INPUT, at rule 4 of INPUT"

trace hotdrop -c 2 'ip proto 6'
in_left bin/send_packet 192.0.2.1 192.0.2.2 6 0fa000510000
in_right iptables-legacy -t raw -D PREROUTING 1
in_left bin/send_packet 192.0.2.1 192.0.2.2 6 0fa000510000
trace_wait hotdrop
check "a drop by a match itself, where only one rule can be meant" same "$(block hotdrop '#1 ' | grep -A 9 '^  raw')" \
	"  raw PREROUTING  DROP  T
      dropped by a match of rule 1 itself (hotdrop): -A PREROUTING -p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN -j CT --notrack
  complete: DROP in raw PREROUTING"
check "the same where several can, inside a chain" same "$(block hotdrop '#2 ' | grep -A 9 '^  filter')" \
	"  filter INPUT  DROP  T
      3  -A INPUT -p tcp -j first
      dropped by a match of a rule itself (hotdrop): one of first 1 to 2; no rule event tells which
  complete: DROP in filter INPUT"

trace tee -c 1 'udp dst port 1003'
udp 1003
trace_wait tee
check "the packet that TEE copies" block_is tee '#1 ' <<-END
	TIME #1 UDP 192.0.2.1:4000 > 192.0.2.2:1003 len 28 in eth0 netns RIGHT
	  raw PREROUTING  ACCEPT  T
	      policy ACCEPT
	  ct NEW
	  mangle PREROUTING  DROP  T
	      1  -A PREROUTING -p udp -m udp --dport 1003 -j TEE --gateway 192.0.2.1
	      2  -A PREROUTING -p udp -m udp --dport 1003 -j DROP
	  complete: DROP in mangle PREROUTING
END
check "the copy is a packet of its own" same "$(shown tee | grep -A 1 '#2 ')" \
	"TIME #2 UDP 192.0.2.1:4000 > 192.0.2.2:1003 len 28 out eth0 netns RIGHT
  made while #1 was in mangle PREROUTING, at rule 1 of PREROUTING"
ktap_end
