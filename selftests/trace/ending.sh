#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A trace ends when it is asked to, in each of the ways, says what it saw, and leaves nothing behind in the kernel.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
in_right iptables-legacy -A INPUT -p udp -j DROP
probed() { grep -qE '(ipt_do_table|nf_log_trace)' /sys/kernel/debug/kprobes/list; }
not_probed() { ! probed; }

# ends WHAT STATUS PACKETS: how the trace "end" ended.
ends()
{
	same "$trace_status $(summary end)" "$1 iptables-trace: $2, nothing lost" && wait_until 5 not_probed
}

ktap_plan 16
check "the kernel is not probed without a trace" not_probed

trace end -c 3 'udp port 1000'
check "the kernel is probed during one" probed
udp 1000 3
trace_wait end
check "-c" ends 0 "3 packets, 9 events"

trace end -c 1 'udp port 1000'
udp 1000 5
trace_wait end
check "-c shows no packet more" same "$(blocks end)" 1

in_right iptables-legacy -I INPUT -p udp --dport 1500 -j REJECT
in_right sysctl -qw net.ipv4.icmp_ratelimit=0
trace end -c 1 'udp port 1500'
udp 1500 20
trace_wait end
made_by() { shown "$1" | sed -n 's/^  made while #\([0-9]*\) .*/\1/p' | sort -u | xargs; }
check "-c shows what the packet shown made, and nothing that others made" same "$(blocks end) $(made_by end)" "2 1"

# From before the trace ends until after it.
{ while ! [ -e "$trace_dir/calm" ]; do udp 1500 3; done & } 2>/dev/null
crowd=$!
trace end -c 1 'udp port 1500'
check "-c ends amid packets that make others" wait_until 10 trace_is_over end
touch "$trace_dir/calm"
wait $crowd
trace_wait end
in_right iptables-legacy -D INPUT 1

# On a slow machine it may end before the first packet has come: then it gets more time.
for seconds in 2 8 32; do
	begin=$(date +%s%N)
	trace end --duration ${seconds}500ms 'udp port 1000'
	wait_until 120 eval 'udp 1000; trace_is_over end'
	trace_wait end
	took=$((($(date +%s%N) - begin) / 1000000))
	shown_then=$(blocks end)
	[ "$shown_then" = 0 ] || break
done
check "--duration" ends 0 "$shown_then packet$([ "$shown_then" = 1 ] || echo s), $((3 * shown_then)) events"
check "... and not before a packet was seen" [ "$shown_then" -ge 1 ]
check "--duration is not cut short" [ "$took" -ge "${seconds}500" ]

for signal in INT TERM; do
	trace end 'udp port 1000'
	udp 1000 2
	trace_stop end $signal
	check "SIG$signal" ends 0 "2 packets, 6 events"
done

iptables-trace --netns "$right" --format line 'udp port 1000' 2>"$trace_dir/pipe.err" | head -n 1 >"$trace_dir/pipe.out" &
pipe=$!
wait_until 20 grep -q tracing "$trace_dir/pipe.err"
udp 1000 2
pipe_over() { ! kill -0 "$pipe"; }
wait_until 10 pipe_over
udp 1000 2
closed() { grep -q ' packets, ' "$trace_dir/pipe.err"; }
check "a reader that goes away" wait_until 10 closed

trace end -o "$trace_dir/file" 'udp port 1000'
udp 1000 2
trace_stop end
check "-o takes the trace, and nothing else" same "$(grep -c '^  complete' "$trace_dir/file") $(wc -c <"$trace_dir/end.out")" "2 0"

trace end 'udp port 1000'
{ udp 1000 5000 & } 2>/dev/null
kill -9 "${trace_pids[end]}"
wait "${trace_pids[end]}" 2>/dev/null
check "kill -9 under traffic leaves no probe" wait_until 10 not_probed

trace end -c 1 'udp port 1000'
wait_until 10 eval 'udp 1000; trace_is_over end'
trace_wait end
check "and the next trace is as good as ever" same "$(block end '#1 ' | sed 1d)" "  filter INPUT  DROP  T
      1  -A INPUT -p udp -j DROP
  complete: DROP in filter INPUT"

trace end 'udp port 1000'
ip netns del "$right"
trace_wait end
check "the end of the namespace" same "$trace_status $(grep -c 'namespace has ended' "$trace_dir/end.err")" "0 1"
ktap_end
