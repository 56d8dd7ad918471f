# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# iptables-trace under test. Source after ktap.sh and net.sh.
# shellcheck disable=SC2154 # $left, $right

trace_dir=$(mktemp -d)
cleanup_push rm -rf "$trace_dir"
declare -A trace_pids

trace_kill_all()
{
	kill -9 "${trace_pids[@]}"
}
cleanup_push trace_kill_all

# trace NAME ARG...: starts a trace of the right namespace, or of another one that ARG names; returns when it has begun.
trace()
{
	local name=$1 netns=(--netns "$right")
	shift
	[[ " $* " != *' --netns '* ]] || netns=()
	# That an earlier one of this name has begun says nothing.
	: >"$trace_dir/$name.err"
	iptables-trace --color never "${netns[@]}" "$@" >"$trace_dir/$name.out" 2>"$trace_dir/$name.err" &
	trace_pids[$name]=$!
	wait_until 90 trace_has_begun "$name" | diag
	grep -q '^iptables-trace: tracing' "$trace_dir/$name.err" || diag <"$trace_dir/$name.err"
}

# Has begun, or will not.
trace_has_begun()
{
	grep -q '^iptables-trace: tracing' "$trace_dir/$1.err" || ! kill -0 "${trace_pids[$1]}"
}

trace_is_over() { ! kill -0 "${trace_pids[$1]}"; }

# trace_wait NAME: until it ends by itself; its exit status is left in trace_status.
trace_wait()
{
	wait_until 30 trace_is_over "$1" || kill -9 "${trace_pids[$1]}"
	trace_status=0
	# shellcheck disable=SC2034 # for the tests
	wait "${trace_pids[$1]}" 2>/dev/null || trace_status=$?
	unset "trace_pids[$1]"
}

# trace_stop NAME [SIGNAL]
trace_stop()
{
	kill -"${2:-INT}" "${trace_pids[$1]}"
	trace_wait "$1"
}

# What differs from run to run: time of day, durations, names of namespaces, ports and ids that nobody chose.
steady()
{
	sed -E -e 's/^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} /TIME /' \
		-e 's/  [0-9]+\.[0-9] (u|m)?s(  |$|, then )/  T\2/; s/  T, then [0-9]+\.[0-9] (u|m)?s$/  T, then T/' \
		-e 's/ \(its match(es)? took [^)]*\)$//; /^ +its match(es)? took /d' \
		-e "s/$right/RIGHT/; s/$left/LEFT/" \
		-e 's/sent (by|for) (.*) \(pid [0-9]+, uid /sent \1 \2 (pid PID, uid /' \
		-e 's/(request|reply) id [0-9]+ seq/\1 seq/'
}

# shown NAME: the trace without what differs from run to run.
shown() { steady <"$trace_dir/$1.out"; }

# trees_by_packet: of a tree on standard input; each live trace has them in the order in which it came to know their ends.
trees_by_packet() { awk 'BEGIN { RS = "" } { number = substr($2, 2) + 0; gsub(/\n/, "\r"); print number "\t" $0 }' | sort -s -n -k1,1 | cut -f2- | tr '\r' '\n'; }

# lines_by_packet: the same of lines.
lines_by_packet() { sed -E 's/^([^ ]+ #)([0-9]+)([. ])/\2 \1\2\3/' | sort -s -n -k1,1 | cut -d' ' -f2-; }

# shows NAME: the trace is what standard input says.
shows()
{
	same "$(shown "$1")" "$(cat)"
}

# summary NAME: what was said at the end.
summary() { grep -A 20 -E '^iptables-trace: [0-9]+ packets?, ' "$trace_dir/$1.err"; }

# block NAME TEXT: the packet whose head line contains TEXT, and nothing of what differs from run to run.
block()
{
	shown "$1" | awk -v text="$2" 'BEGIN { RS = ""; FS = "\n" } index($1, text) { print }'
}

# block_is NAME TEXT: that packet is shown as standard input says.
block_is()
{
	same "$(block "$1" "$2")" "$(cat)"
}

# blocks NAME: how many packets were shown.
blocks() { awk 'BEGIN { RS = "" } END { print NR }' "$trace_dir/$1.out"; }

# count_reads TOOL...: whoever reads rules by one of these is noted from now on. reads PATTERN: how often one of them was run so.
count_reads()
{
	local tool
	mkdir "$trace_dir/bin"
	for tool in "$@"; do
		# shellcheck disable=SC2016 # the inner shell's
		printf '#!/bin/sh\n[ "$1" = --version ] || echo "%s $*" >>%s\nexec %s "$@"\n' \
			"$tool" "$trace_dir/reads" "$(type -P "$tool")" >"$trace_dir/bin/$tool"
		chmod +x "$trace_dir/bin/$tool"
	done
	PATH=$trace_dir/bin:$PATH
}
reads() { grep -cE -- "$1" "$trace_dir/reads"; }

# udp PORT [COUNT]: from 192.0.2.1, port 4000; udp6 from 2001:db8::1.
udp_payload() { printf '0fa0%04x00080000' "$1"; }
udp() { in_left bin/send_packet -n "${2:-1}" 192.0.2.1 192.0.2.2 17 "$(udp_payload "$1")"; }
udp6() { in_left bin/send_packet -n "${2:-1}" 2001:db8::1 2001:db8::2 17 "$(udp_payload "$1")"; }

# every_way REJECT-WITH: rules of a table filter for iptables-restore, one way through it for each of the UDP ports 1001 to 1008.
every_way()
{
	cat <<-END
		:INPUT DROP
		:user -
		:deep -
		:elsewhere -
		:empty -
		-A INPUT -p udp -m udp --dport 1001 -j ACCEPT
		-A INPUT -p udp -m udp --dport 1002 -j DROP
		-A INPUT -p udp -m udp --dport 1003 -j REJECT --reject-with $1
		-A INPUT -p udp -m udp --dport 1004 -j user
		-A INPUT -p udp -m udp --dport 1005 -g elsewhere
		-A INPUT -p udp -m udp --dport 1006
		-A INPUT -p udp -m udp --dport 1006 -j empty
		-A INPUT -p udp -m udp --dport 1007 -j deep
		-A INPUT -p udp -m udp --dport 1007 -j user
		-A INPUT -p udp -m udp --dport 1008 -j RETURN
		-A user -m comment --comment "first of \"user\" -j DROP" -j deep
		-A user -p udp -m udp --dport 1007 -j ACCEPT
		-A user -j RETURN
		-A deep -p udp
		-A elsewhere -p tcp -j ACCEPT
	END
}
