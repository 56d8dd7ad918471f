#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --format line has a line for each event, which grep can find alone, in the order of the packet's way.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
in_right iptables-legacy -A INPUT -p udp -m udp --dport 1002 -j DROP

trace line --format line -c 1 'udp port 1002'
udp 1002
trace_wait line
now=$(date +%s)
packet=' RIGHT filter INPUT UDP 192.0.2.1:4000 > 192.0.2.2:1002 len 28 | '

ktap_plan 3
# How far the line's clock is from that of now, either way round the day.
off() { echo $((($(date -d "$(sed 's/\..*//; q' "$trace_dir/line.out")" +%s) - now + 86400 + 60) % 86400 - 60)); }
close() { local seconds; seconds=$(off); echo "$seconds s" && [ "${seconds#-}" -le 60 ]; }
check "the time is that of the clock" close
check "each line tells which packet, where, and what happened" same "$(shown line | sed -E 's/[0-9.]+ (u|m)s$/T/')" \
	"TIME #1.1${packet}enter in eth0
TIME #1.2${packet}INPUT 1: -A INPUT -p udp -m udp --dport 1002 -j DROP
TIME #1.3${packet}DROP T
TIME #1${packet}complete"

trace stream --format line 'udp port 1002'
udp 1002
check "lines come while the trace goes on" wait_until 10 grep -q '| DROP' "$trace_dir/stream.out"
trace_stop stream
ktap_end
