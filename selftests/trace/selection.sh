#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What is asked of packets besides the expression is held against them in the kernel: others are neither traced nor marked,
# and what was left out is counted.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
make_far
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -p udp -m udp --dport 7 -j ACCEPT
	COMMIT
	*mangle
	-A PREROUTING -p udp -m udp --dport 7 -j MARK --set-xmark 0x17/0xffffffff
	COMMIT
	*filter
	-A INPUT -p udp -j ACCEPT
	-A FORWARD -p udp -j ACCEPT
	-A OUTPUT -p udp -j ACCEPT
	COMMIT
END
in_far iptables-legacy -A INPUT -p udp -j ACCEPT
forwarded() { in_left bin/send_packet -n "${2:-1}" 192.0.2.1 198.51.100.2 17 "$(udp_payload "$1")"; }
# send PORT [COMMAND...]: a datagram of a process of the right namespace.
send() { in_right "${@:2}" bash -c "echo x >/dev/udp/192.0.2.1/$1"; }

# asked OPTION...: starts a trace of datagrams; the last is to port 9999 and meets all that is asked.
asked() { trace asked "$@" udp; }
# first_table: of each packet that was traced, its destination port and the table where it began.
begins() { jq -r 'select(.type == "enter" and (.flags | index("first"))) | "\(.ip.destination_port) \(.table) \(.hook)"' "$trace_dir/asked.out"; }
summed() { jq -r "select(.type == \"summary\") | .$1" "$trace_dir/asked.out"; }
stop() { trace_stop asked; }
arrived() { grep -q '"type":"packet"' "$trace_dir/asked.out"; }

ktap_plan 18
asked --format json --in eth0 --out eth1
udp 1
forwarded 2
wait_until 20 arrived
stop
check "--in and --out hold at the same table" same "$(begins)" "2 mangle FORWARD"
asked --format json --in eth+
udp 1
send 2
wait_until 20 arrived
stop
check "--in with a + is the beginning of a name" same "$(begins)" "1 raw PREROUTING"
asked --format json --mark 0x10/0xf0
udp 6
udp 7
wait_until 20 arrived
stop
check "--mark holds from where the mark is set" same "$(begins)" "7 filter INPUT"
asked --format json --hook input,FORWARD
udp 1
forwarded 2
send 3
wait_until 20 arrived
stop
check "--hook" same "$(begins)" $'1 mangle INPUT\n2 mangle FORWARD'
asked --format json --table filter
udp 1
wait_until 20 arrived
stop
check "--table" same "$(begins) $(grep -c '"type":"enter"' "$trace_dir/asked.out")" "1 filter INPUT 1"

asked --format json --uid 65534
send 1
send 2 setpriv --reuid 65534 --clear-groups
udp 3
wait_until 20 arrived
stop
check "--uid is the owner of the socket" same "$(begins)" "2 raw OUTPUT"
asked --format json --uid nobody
send 2 setpriv --reuid 65534 --clear-groups
wait_until 20 arrived
stop
check "--uid by name" same "$(begins)" "2 raw OUTPUT"

mkfifo "$trace_dir/go"
in_right bash -c "read -r <'$trace_dir/go'; for port in 4 5; do echo x >/dev/udp/192.0.2.1/\$port; done; read -r <'$trace_dir/go'" &
process=$!
asked --format json --netns "$right" --pid $process
send 1
echo >"$trace_dir/go"
wait_until 20 arrived
stop
check "--pid is the process that sends" same "$(begins)" $'4 raw OUTPUT\n5 raw OUTPUT'
echo >"$trace_dir/go"

mkdir -p "$trace_dir/cgroup"
mount -t cgroup2 none "$trace_dir/cgroup"
cleanup_push umount "$trace_dir/cgroup"
mkdir -p "$trace_dir/cgroup/some/deep"
asked --format json --cgroup "$trace_dir/cgroup/some"
send 1
# shellcheck disable=SC2016 # the inner shell's
in_right bash -c 'echo $$ >"$1"/some/deep/cgroup.procs; echo x >/dev/udp/192.0.2.1/2' - "$trace_dir/cgroup"
wait_until 20 arrived
stop
check "--cgroup is a folder and what is below it" same "$(begins)" "2 raw OUTPUT"

asked --format json --sample 1/4
udp 1 40
wait_until 20 arrived
stop
check "--sample takes one of so many packets, from their first table on" same "$(begins | sort | uniq -c | xargs)" "10 1 raw PREROUTING"
check "... and counts the others" same "$(summed left_out)" 30
asked --format json --first 2
udp 1 5
udp 2 5
wait_until 20 arrived
stop
check "--first takes the first packets of each flow" same "$(begins | sort | uniq -c | xargs)" "2 1 raw PREROUTING 2 2 raw PREROUTING"
check "... and counts the others" same "$(summed left_out)" 6
asked --format json --rate 100
udp 1 400
wait_until 20 arrived
stop
check "--rate holds packets back and counts them" same "$(($(summed held_back) + $(begins | wc -l)))" 400
check "... which is announced, and no loss" same \
	"$trace_status $(grep -c 'more than 100 events a second' "$trace_dir/asked.err") $(summed 'losses | length')" "0 1 0"
trace asked --format json --netns "$right,$far" udp
forwarded 1
wait_until 20 arrived
stop
check "--netns takes several" same "$(jq -r 'select(.type == "enter") | .netns' "$trace_dir/asked.out" | sort -u)" \
	"$(printf '%s\n' "$far" "$right" | sort)"

refused() { says "$1" iptables-trace --netns "$right" "${@:2}"; }
wrong()
{
	refused '--uid nobody-at-all: no such user' --uid nobody-at-all udp && refused '--cgroup /nowhere' --cgroup /nowhere udp &&
		refused 'not a folder of cgroup2' --cgroup /tmp udp && refused 'there is no such process' --pid 999999 udp &&
		refused 'bits outside of the mask' --mark 3/1 udp && refused 'longer than a name' --in a23456789012345678 udp
}
check "what cannot be is named" wrong
check "no probe is left behind" same "$(grep -c '^' /sys/kernel/debug/kprobes/list 2>/dev/null || echo 0)" 0
ktap_end
