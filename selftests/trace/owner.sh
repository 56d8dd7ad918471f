#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets of a user, a process or a cgroup are those that it sends: nobody else's, and none that nobody sends.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/trace_select.sh

make_pair
in_right iptables-legacy -t raw -A OUTPUT -p udp -j ACCEPT
in_right iptables-legacy -A INPUT -p udp -j ACCEPT

answer() { in_right bin/send_packet 192.0.2.2 192.0.2.1 17 "$(printf '%04x0fa000080000' "$1")"; }
# send PORT [COMMAND...]: a datagram of a process of the right namespace.
send() { in_right "${@:2}" bash -c "echo x >/dev/udp/192.0.2.1/$1"; }
as_nobody=(setpriv --reuid 65534 --clear-groups)

ktap_plan 14
# The last but one process has been handed a socket of somebody else.
asked --uid 65534
send 1
udp 3
in_right bash -c 'exec 5>/dev/udp/192.0.2.1/4 && exec setpriv --reuid 65534 --clear-groups bash -c "echo x >&5"'
send 2 "${as_nobody[@]}"
done_after 1
check "--uid is the owner of the socket that sends, not of the process" same "$(begins)" "2 raw OUTPUT"
check "it is said that other packets have no owner" grep -q '^iptables-trace: --uid: .* have no owner' "$trace_dir/asked.err"
asked --uid nobody
send 1
send 2 "${as_nobody[@]}"
done_after 1
check "--uid by name" same "$(begins)" "2 raw OUTPUT"
trace asked --format json --uid root 'icmp or udp'
in_left ping -nqc1 -W5 192.0.2.2 >/dev/null
send 1 "${as_nobody[@]}"
send 2
done_after 1
check "what the kernel sends by itself is nobody's, root's neither" same "$(of enter .ip.protocol | sort -u) $(begins)" "UDP 2 raw OUTPUT"

# waits: a process that sends and ends when it is told so. It has a child, which sends too.
waits()
{
	rm -f "$trace_dir/go"
	mkfifo "$trace_dir/go"
	# shellcheck disable=SC2016 # the inner shell's
	in_right bash -c 'echo $$ >"$1/process"; read -r <"$1/go"; bash -c "echo x >/dev/udp/192.0.2.1/6; :"
		echo x >/dev/udp/192.0.2.1/4; read -r <"$1/go"' - "$trace_dir" &
	wait_until 10 test -s "$trace_dir/process"
	process=$(cat "$trace_dir/process")
}
waits
iptables-trace --color never --format json --pid "$process" -c 1 udp >"$trace_dir/asked.out" 2>"$trace_dir/asked.err" &
trace_pids[asked]=$!
wait_until 30 trace_has_begun asked | diag
send 1
answer 3
echo >"$trace_dir/go"
trace_wait asked
check "--pid is the process that sends, in its namespace, and none of its children" same "$trace_status $(begins)" "0 4 raw OUTPUT"
asked --pid "$process"
echo >"$trace_dir/go"
trace_wait asked
check "the trace ends with the process" same "$trace_status $(grep -c "process $process has ended" "$trace_dir/asked.err")" "0 1"

# The same of a process whose parent does not wait for it.
rm "$trace_dir/process"
# shellcheck disable=SC2016 # the inner shells'
in_right bash -c 'echo $$ >"$1/parent"; bash -c "$2" - "$1" & exec sleep 1000' - "$trace_dir" \
	'echo $$ >"$1/process"; read -r <"$1/go"' &
wait_until 10 test -s "$trace_dir/process"
end_parent() { kill "$(cat "$trace_dir/parent")"; }
cleanup_push end_parent
process=$(cat "$trace_dir/process")
asked --pid "$process"
echo >"$trace_dir/go"
trace_wait asked
check "... also if nobody waits for it" same \
	"$trace_status $(grep -c "process $process has ended" "$trace_dir/asked.err") $(awk '/^State:/ { print $2 }' "/proc/$process/status")" "0 1 Z"

cgroups=/sys/fs/cgroup/selection-$$
leave_cgroups() { rmdir "$cgroups"/some/deep "$cgroups"/some "$cgroups"/somewhere "$cgroups"; }
cleanup_push leave_cgroups
mkdir -p "$cgroups"/some/deep "$cgroups"/somewhere
# shellcheck disable=SC2016 # the inner shell's
of_cgroup() { in_right bash -c 'echo $$ >"$1"/cgroup.procs; echo x >"/dev/udp/192.0.2.1/$2"' - "$cgroups/$1" "$2"; }
asked --cgroup "$cgroups/some"
send 1
of_cgroup . 3
of_cgroup somewhere 4
of_cgroup some/deep 2
done_after 1
check "--cgroup is a folder of cgroup2 and what is below it" same "$(begins)" "2 raw OUTPUT"
asked --cgroup "selection-$$/somewhere"
of_cgroup some 1
of_cgroup somewhere 2
done_after 1
check "... by its name below where they are mounted too" same "$(begins)" "2 raw OUTPUT"
mkdir -p "selection-$$/somewhere"
cleanup_push rm -r "selection-$$"
asked --cgroup "selection-$$/somewhere"
of_cgroup some 1
of_cgroup somewhere 2
done_after 1
check "... and if a folder here has that name as well" same "$(begins)" "2 raw OUTPUT"

refused() { says "$1" iptables-trace --netns "$right" "${@:2}"; }
check "a user that does not exist" refused '--uid nobody-at-all: no such user' --uid nobody-at-all udp
check "a cgroup that does not exist" refused '--cgroup /nowhere: No such file' --cgroup /nowhere udp
check "a folder that is no cgroup" refused 'not a folder of cgroup2' --cgroup /tmp udp
check "a process that does not exist" refused '--pid 999999: there is no such process' --pid 999999 udp
ktap_end
