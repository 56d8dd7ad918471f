#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Several traces at once: each sees the packets of its own expression and namespace, all of them, and no others.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
for port in 1001 1002 1003; do
	in_right iptables-legacy -A INPUT -p udp --dport $port -j DROP
done
in_left iptables-legacy -A OUTPUT -p udp --dport 1001

trace one 'udp port 1001'
trace two 'udp port 1002'
trace both 'udp and portrange 1001-1002'
trace elsewhere --netns "$left" 'udp port 1001'
trace everywhere --netns all 'udp port 1001'
for _ in 1 2 3 4 5 6 7; do
	udp 1001
	udp 1002
	udp 1003
done
all_shown() { [ "$(blocks one) $(blocks two) $(blocks both) $(blocks elsewhere) $(blocks everywhere)" = "7 7 14 7 7" ]; }
wait_until 20 all_shown | diag
for name in one two both elsewhere everywhere; do
	trace_stop $name
done

# ports NAME: destination ports of the packets shown, each once.
ports() { shown "$1" | sed -n 's/^TIME .* > [^ ]*:\([0-9]*\) len.*/\1/p' | sort -u | xargs; }
namespaces() { shown "$1" | sed -n 's/^TIME .* netns \([A-Z]*\)$/\1/p' | sort | uniq -c | xargs; }

ktap_plan 9
check "the first sees its packets" same "$(blocks one) $(ports one)" "7 1001"
check "the second sees its packets" same "$(blocks two) $(ports two)" "7 1002"
check "a third sees both" same "$(blocks both) $(ports both)" "14 1001 1002"
check "packets are numbered in each trace for itself" same "$(shown two | sed -n 's/^TIME #\([0-9]*\) .*/\1/p' | xargs)" \
	"1 2 3 4 5 6 7"
check "another namespace has its own packets" same "$(namespaces elsewhere)" "7 LEFT"
# Each has begun in the one and gone on to the other.
check "all namespaces have all packets" same \
	"$(namespaces everywhere), $(shown everywhere | sed -n 's/^  netns \([A-Z]*\)$/\1/p' | sort | uniq -c | xargs)" "7 LEFT, 7 RIGHT"
check "rules of each namespace are its own" same \
	"$(shown everywhere | grep -E -- '-A (INPUT|OUTPUT)' | sed 's/^ *//' | sort | uniq -c | xargs)" \
	"7 1 -A INPUT -p udp -m udp --dport 1001 -j DROP 7 1 -A OUTPUT -p udp -m udp --dport 1001"
check "all are complete" same "$(cat "$trace_dir"/*.out | grep -c '^  complete')" 42
check "nothing is lost" same "$(grep -hc 'nothing lost' "$trace_dir"/*.err | xargs)" "1 1 1 1 1"
ktap_end
