#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The ssh connection that shows the trace is left out unless it is asked for: with an expression and without, also behind sudo
# and if NAT has led it to another port than the one that the client called.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
in_right iptables-legacy -A INPUT -s 192.0.2.1 -j DROP
in_right iptables-legacy -t nat -A PREROUTING -p tcp --dport 2222 -j REDIRECT --to-ports 22
syn() { in_left bin/send_packet 192.0.2.1 192.0.2.2 6 "$(printf '%04x%04x000000000000000050020100000000000' "$1" "$2")"; }
# What sudo leaves of the environment; the shell above still has all of it.
bare() { SSH_CONNECTION='192.0.2.1 4001 192.0.2.2 22' bash -c 'env -i PATH="$PATH" iptables-trace "$@"; :' - "$@"; }
ports() { sed -nE 's/.* > 192.0.2.2:([0-9]+) SYN .*/\1/p' "$1" | xargs; }

ktap_plan 9
export SSH_CONNECTION='192.0.2.1 4001 192.0.2.2 22'
trace own -c 3
unset SSH_CONNECTION
syn 4001 22
syn 4002 23
syn 4001 2222
syn 4002 22
syn 4001 22
udp 1
trace_wait own
check "the connection is left out, others like it are not" same "$(ports "$trace_dir/own.out")" "23 22"
check "it is said which" grep -q 'all packets but those of your ssh connection (192.0.2.1 4001 192.0.2.2 22)' "$trace_dir/own.err"

bare --netns "$right" --color never -c 1 >"$trace_dir/bare.out" 2>"$trace_dir/bare.err" &
wait_until 20 grep -q tracing "$trace_dir/bare.err"
syn 4001 22
syn 4002 22
wait $!
check "also if the environment was emptied on the way" same "$(grep -c 'ssh connection' "$trace_dir/bare.err") $(ports "$trace_dir/bare.out")" "1 22"

export SSH_CONNECTION='192.0.2.1 4001 192.0.2.2 22'
trace beside -c 2 'tcp and src host 192.0.2.1'
trace none -c 1 'udp port 1'
trace asked -c 2 --own-ssh 'tcp and src host 192.0.2.1'
wrong() { iptables-trace --netns "$right" "$@" 2>&1; }
complaint=$(wrong 'tcp) or (udp')
unset SSH_CONNECTION
syn 4001 22
syn 4001 2222
syn 4002 22
syn 4002 23
udp 1
for name in beside none asked; do trace_wait $name; done
check "an expression does not ask for it" same "$(ports "$trace_dir/beside.out")" "22 23"
check "... and it is said that it is left out" grep -q "tracing 'tcp and src host 192.0.2.1' but those of your ssh connection" "$trace_dir/beside.err"
check "... but not where it is none of what is asked for" grep -q "tracing 'udp port 1' in " "$trace_dir/none.err"
check "--own-ssh asks for it" same "$(grep -c 'ssh connection' "$trace_dir/asked.err") $(ports "$trace_dir/asked.out")" "0 22 2222"
check "what is wrong with an expression is told as without a connection" same "$complaint" "$(wrong 'tcp) or (udp')"

trace all -c 1
syn 4001 22
trace_wait all
check "without a connection nothing is left out" same "$(ports "$trace_dir/all.out")" 22
ktap_end
