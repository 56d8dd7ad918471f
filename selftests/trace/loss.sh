#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# If the tool is too slow, every event is either shown or counted as lost, to the last one.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
in_right iptables-legacy -A INPUT -p udp --dport 1000 -j DROP
sent=20011

trace slow --rate 0 --format line 'udp dst port 1000'
udp 1000 $sent &
sender=$!
arrived() { in_right iptables-legacy -vnxL INPUT 1 | awk '{ print $1; exit }'; }
over_or_arrived() { ! kill -0 "$sender" || [ "$(arrived)" -ge "$1" ]; } 2>/dev/null
# Stands still for more events than the ring holds, so that it is full and, now and then, in the midst of a packet it is not.
while kill -0 $sender; do
	kill -STOP "${trace_pids[slow]}"
	wait_until 120 over_or_arrived $(($(arrived) + 7500))
	kill -CONT "${trace_pids[slow]}"
	sleep 0.02
done 2>/dev/null
wait $sender
trace_stop slow

# What each packet's last line says, against its other lines: three events are all that a packet has.
account=$(awk '
	match($0, / #[0-9]+\.[0-9]+ /) { split(substr($0, RSTART + 2), n, "."); lines[n[1]]++; shown++; next }
	{ match($0, / #[0-9]+ /); number = substr($0, RSTART + 2, RLENGTH - 3) + 0; have = lines[number] + 0 }
	/ complete$/ { complete++; wrong += have != 3; next }
	/ events? lost$/ { partly++; wrong += have + $(NF - 2) != 3; next }
	/ events? lost, perhaps more$/ { partly++; wrong += have + $(NF - 4) > 3; next }
	/ unknown \([0-9]+ events were lost meanwhile/ { unknown++; wrong += have >= 3; next }
	{ wrong++ }
	END { print shown + 0, complete + 0, partly + 0, unknown + 0, wrong + 0 }' "$trace_dir/slow.out")
read -r shown complete partly unknown wrong <<<"$account"
said_shown=$(summary slow | sed -n 's/.* packets, \([0-9]*\) events;.*/\1/p')
said_lost=$(summary slow | sed -n 's/^  \([0-9]*\) events lost: the ring buffer was full.*/\1/p')
diag <<<"shown $shown: complete $complete, partly $partly, unknown $unknown, wrong $wrong"
summary slow | diag

ktap_plan 6
check "the ring overflowed" [ "${said_lost:-0}" -gt 1000 ]
check "shown and lost are all that there were" same $((said_shown + said_lost)) $((3 * sent))
check "as many lines as events that were said to be shown" same "$shown" "$said_shown"
check "each packet's own account is right" same "$wrong of $((complete + partly + unknown))" "0 of $(summary slow | sed -n 's/.*: \([0-9]*\) packets.*/\1/p')"
check "nothing else was lost" same "$(summary slow | wc -l)" 2
check "the exit status says that events were lost" same "$trace_status" 4
ktap_end
