#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Where the administrator has switched the kernel's probes off there is no trace, and it says so; if that happens during a
# trace, what it did not see counts as lost.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

kprobes=/sys/kernel/debug/kprobes/enabled
ftrace=/proc/sys/kernel/ftrace_enabled
switch_on() { echo 1 >"$kprobes"; echo 1 >"$ftrace"; }
cleanup_push switch_on

make_pair
in_right iptables-legacy-restore <<-END
	*filter
	-A INPUT -p udp -m udp --dport 1000 -j DROP
	COMMIT
END
# Of another family than the packets after it, none of which may pass for it coming back.
in_right ip6tables-legacy -A INPUT -p udp --dport 1001 -j NFQUEUE --queue-num 17

# refused: how a trace ends that should not begin.
refused()
{
	local status=0
	timeout 30 iptables-trace --color never --netns "$right" --duration 1s 2>&1 || status=$?
	echo "status $status"
}

ktap_plan 10
echo 0 >"$kprobes"
check "no trace without kprobes" same "$(refused | grep -oE "$kprobes is 0|^status .*" | xargs)" "$kprobes is 0 status 3"
check "the kernel log says so too" grep -q 'iptables_trace: .*probes.* switched off' <(dmesg)
echo 1 >"$kprobes"
echo 0 >"$ftrace"
check "no trace without ftrace" same "$(refused | grep -oE "kernel.ftrace_enabled is 0|^status .*" | xargs)" \
	"kernel.ftrace_enabled is 0 status 3"
echo 1 >"$ftrace"

shows_all() { same "$(blocks "$1")" 3; }

# off_for NAME SWITCH: packets before, while and after the probes are off.
off_for()
{
	trace "$1" 'udp dst portrange 1000-1001'
	udp 1000
	wait_until 10 grep -q 'complete: DROP' "$trace_dir/$1.out"
	udp6 1001
	echo 0 >"$2"
	wait_until 10 grep -q 'off' "$trace_dir/$1.err"
	udp 1000 5
	echo 1 >"$2"
	wait_until 10 grep -q 'on again' "$trace_dir/$1.err"
	udp 1000
	wait_until 10 shows_all "$1"
	trace_stop "$1"
}
for name in kprobes ftrace; do
	off_for "$name" "${!name}" | diag
	check "$name: packets before and after are complete" same "$(grep -c 'complete: DROP' "$trace_dir/$name.out")" 2
	check "$name: a packet that is under way meanwhile is not" same \
		"$(block "$name" :1001 | grep -o "unknown (the kernel's probes were switched off meanwhile)")" \
		"unknown (the kernel's probes were switched off meanwhile)"
	check "$name: the summary counts it as a loss" grep -qE "^  1 times the kernel's probes were switched off .*$name.* is 0" \
		"$trace_dir/$name.err"
done

trace after 'udp dst port 1000'
udp 1000
wait_until 10 grep -q complete "$trace_dir/after.out" | diag
trace_stop after
check "then all is as ever" same "$(summary after)" "iptables-trace: 1 packet, 3 events, nothing lost"
ktap_end
