#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What is lost is counted, to the event, and can be told from each packet's numbers.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
in_right iptables-legacy-restore <<-END
	*filter
	-A INPUT -p icmp
	-A INPUT -p icmp
	-A INPUT -p icmp -j ACCEPT
	COMMIT
END

seen() { events "$1" . | wc -l; }

ktap_plan 11

# Each packet: enter, three rules, leave. Every second event is refused.
trace_start session -r 2 -f "$filter_ping"
in_left ping -nq -c 17 -i 0.01 192.0.2.2 >/dev/null
trace_stop session
check "events that a program refuses are counted" same "$(stat_of session events) $(stat_of session unwritten) $(seen session)" "85 34 51"
check "their numbers are missing in each packet" same \
	"$(events session . | sed 's/.* seq=\([0-9]*\) .*/\1/' | sort | uniq -c | xargs)" "17 1 17 3 17 5"
check_not "a packet with a gap is not whole" whole session

trace_start session -k rl -f "$filter_ping"
in_left ping -nq -c 17 -i 0.01 192.0.2.2 >/dev/null
trace_stop session
check "events without a program have no number" same "$(stat_of session events)" 68
check "and leave no gap" whole session

# A reader that comes too late: the ring buffer is full at some point.
trace_start session -l -f "$filter_ping"
in_left ping -fnq -c 3001 192.0.2.2 >/dev/null
trace_stop session
check "every event of a session is numbered, also if there is no room for it" same "$(stat_of session events)" $((3001 * 5))
check "the ring buffer was too small" test "$(stat_of session unwritten)" -gt 1000
check "what was read and what was counted as lost is all there was" same \
	"$(($(seen session) + $(stat_of session unwritten)))" "$(stat_of session events)"

# More packets on their way than can be followed: a queue keeps them.
max=8192
in_right iptables-legacy -t mangle -A PREROUTING -p udp -j NFQUEUE --queue-num 5
nsenter --net="/run/netns/$right" -- "$trace_bin/nfqueue_pass" -h 5 20000 >"$trace_work/queue" 2>&1 &
queue=$!
wait_until 5 grep -q ready "$trace_work/queue"
trace_start session -k l -f "$(filter_ipv4 17)"
began=$SECONDS
in_left "$trace_bin/udp_send" -n 12000 192.0.2.2 9
# All of them have come as far as the queue.
# shellcheck disable=SC2016 # awk's own variables
queued() { in_right awk '$1 == 5 { exit !($3 + $6 + $7 >= 12000) } END { if (NR == 0) exit 1 }' /proc/net/netfilter/nfnetlink_queue; }
wait_until 180 queued
took=$((SECONDS - began))
trace_stop session
kill $queue
check "more packets at once than can be followed are all selected" same "$(stat_of session packets)" 12000
# One that is in a queue for a minute is not waited for any longer.
if [ $took -lt 60 ]; then
	check "each that had to make room is counted" test "$(stat_of session forgotten)" -ge $((12000 - max))
else
	ktap_skip "each that had to make room is counted" "they took $took s to come"
fi
check "no more are forgotten than there are" test "$(stat_of session forgotten)" -le 12000
ktap_end
