#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A packet that this host sends is shown with whose it is: the socket's user, the process, the cgroup, the container.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/trace_select.sh

make_pair
make_far
for tool in iptables ip6tables; do in_right $tool-legacy -t raw -A OUTPUT -m comment --comment traced; done

# whose PORT: whose the packet to that port is; whose_is TEXT: with that in its head line.
# owner_of PORT FILTER: the same out of JSON.
whose_is() { block asked "$1" | sed -n 's/^  \(sent .*\)/\1/p'; }
whose() { whose_is ":$1 "; }
owner_of() { of enter "select(.ip.destination_port == $1).owner | $2" | sort -u; }

# send PORT [COMMAND...]: a datagram of a process of the right namespace, which ends at once. Its number is left in $sender.
send() { sender=$(in_right "${@:2}" bash -c "echo \$\$; echo x >/dev/udp/192.0.2.1/$1"); }
send6() { in_right bash -c "echo x >/dev/udp/2001:db8::1/$1"; }

cgroup=/sys/fs/cgroup/whose-$$
id=$(printf '%064d' $$)
container=$cgroup/docker-$id.scope
docker=/var/lib/docker/containers/$id
leave_cgroups() { rmdir "$container" "$cgroup"; }
cleanup_push leave_cgroups
mkdir -p "$container" "$docker"
cleanup_push rm -r "$docker"
echo '{"Name":"/web"}' >"$docker/config.v2.json"
# shellcheck disable=SC2016 # the inner shell's
of_container() { in_right bash -c 'echo $$ >"$1"/cgroup.procs; exec 5>/dev/udp/192.0.2.1/6; echo x >&5' - "$container"; }

# A server whose first answer to a connection the kernel sends by itself, in a softirq.
serving() { in_right ss -Hlnt | grep -q ":$1 "; }

# A VPN: its process writes what comes in to a device, and the kernel answers meanwhile.
vpn()
{
	local ns number=0
	modprobe tun
	bin/tun_join vpn0 "/run/netns/$left" "/run/netns/$right" >"$trace_dir/vpn" &
	vpn=$!
	wait_until 20 grep -q ready "$trace_dir/vpn" | diag
	for ns in "$left" "$right"; do
		ip -n "$ns" addr add 203.0.113.$((++number))/24 dev vpn0
		ip -n "$ns" link set vpn0 up
	done
}
end_vpn() { kill "$vpn"; }

# nobodys TEXT...: there is a packet with each in its head line, and it is not shown with whose it is.
nobodys()
{
	local text
	for text in "$@"; do
		[ -n "$(block asked "$text")" ] || { echo "# no packet: $text"; return 1; }
		[ -z "$(whose_is "$text")" ] || { echo "# somebody's: $text"; return 1; }
	done
}

ktap_plan 19
trace asked 'udp or icmp or tcp port 7'
send 1
send 2 setpriv --reuid 65534 --clear-groups
# Opened by root, used by somebody else.
in_right bash -c 'exec 5>/dev/udp/192.0.2.1/3 && exec setpriv --reuid 65534 --clear-groups bash -c "echo x >&5"'
send6 4
in_left bash -c 'echo x >/dev/udp/198.51.100.2/5'
of_container
in_left ping -nqc1 -W5 192.0.2.2 >/dev/null
udp 8
nsenter --net=/run/netns/"$right" -- nc -lk 192.0.2.2 7 >/dev/null 2>&1 &
server=$!
end_server() { kill "$server"; }
cleanup_push end_server
wait_until 20 serving 7 | diag
in_left bash -c 'echo x >/dev/tcp/192.0.2.2/7'
shown_all() { [ -n "$(whose 6)" ] && [ -n "$(block asked 'SYN,ACK')" ]; }
wait_until 60 shown_all | diag
trace_stop asked

check "a process that has ended since" same "$(whose 1)" "sent by bash (pid PID, uid 0)"
check "another user's" same "$(whose 2)" "sent by bash (pid PID, uid 65534)"
check "the user is the socket's owner, the process the one that sends" same "$(whose 3)" "sent by bash (pid PID, uid 0)"
check "IPv6" same "$(whose_is '[2001:db8::1]:4 ')" "sent by bash (pid PID, uid 0)"
check "cgroup and container, by the name that the runtime has left" same "$(whose 6)" \
	"sent by bash (pid PID, uid 0) in /whose-$$/docker-$id.scope, container docker ${id:0:12} (web)"
check "what is forwarded, received, or sent by the kernel for itself is nobody's" nobodys '198.51.100.2:5 ' ':8 ' 'reply seq'
check "the kernel's answer to a connection is sent for the process that listens" same \
	"$(whose_is SYN,ACK)" "sent for nc (pid PID, uid 0)"

trace asked --format json udp
send 1
send 2 setpriv --reuid 65534 --clear-groups
of_container
done_after 3
check "JSON: user, process and whether it sends" same "$(owner_of 2 '"\(.uid) \(.pid) \(.process) \(.sending)"')" "65534 $sender bash true"
check "JSON: cgroup and container" same \
	"$(owner_of 6 '"\(.cgroup) \(.container.runtime) \(.container.id) \(.container.name)"')" \
	"/whose-$$/docker-$id.scope docker $id web"
check "JSON: the cgroup's number is its inode" same "$(owner_of 6 .cgroup_id)" "$(stat -c %i "$container")"
iptables-trace --read "$trace_dir/asked.out" --color never >"$trace_dir/again.out" 2>/dev/null
mv "$trace_dir/again.out" "$trace_dir/asked.out"
check "a recording tells the same" same "$(whose 6)" \
	"sent by bash (pid PID, uid 0) in /whose-$$/docker-$id.scope, container docker ${id:0:12} (web)"

trace asked --format line udp
send 1
line_is_there() { grep -q ':1 .*sent by' "$trace_dir/asked.out"; }
wait_until 60 line_is_there | diag
trace_stop asked
check "lines tell it with the enter event" same \
	"$(sed -n 's/.* | enter out eth0, \(sent by .*\)/\1/p' "$trace_dir/asked.out" | sort -u)" "sent by bash (pid $sender, uid 0)"

vpn
cleanup_push end_vpn
nsenter --net=/run/netns/"$right" -- nc -lk 203.0.113.2 8 >/dev/null 2>&1 &
listener=$!
end_listener() { kill "$listener"; }
cleanup_push end_listener
wait_until 20 serving 8 | diag
# Connections by the VPN, of which each is answered.
speak() { for _ in 1 2 3; do in_left bash -c 'echo x >/dev/tcp/203.0.113.2/8'; done; }
answered() { [ "$(of enter 'select(.ip.source_port == 8) | .packet' | sort -u | wc -l)" -ge 3 ]; }
for explain in '' --explain; do
	# shellcheck disable=SC2086 # an option or none
	trace asked --format json $explain 'udp port 1 or (tcp src port 8 and tcp[tcpflags] & (tcp-syn|tcp-ack) == (tcp-syn|tcp-ack))'
	send 1
	speak
	wait_until 60 answered | diag
	trace_stop asked
	check "${explain:+with $explain: }the answer to what a VPN's process brings in is sent for who listens" same \
		"$(of enter 'select(.ip.source_port == 8).owner | "\(.process) \(.pid) \(.sending)"' | sort -u)" "nc $listener false"
	check "${explain:+with $explain: }what a process sends is sent by it" same "$(owner_of 1 '"\(.pid) \(.sending)"')" "$sender true"
done
trace asked --format json --pid "$vpn"
speak
trace_stop asked
check "... which is none of the packets of the VPN's process" same "$(of packet .number | wc -l)" 0

# Who has judged a packet of a queue goes on with it.
in_right iptables-legacy -t mangle -A OUTPUT -p udp --dport 9 -j NFQUEUE --queue-num 7
in_right iptables-legacy -A OUTPUT -m comment --comment later
nsenter --net=/run/netns/"$right" -- bin/nfqueue_pass 7 1 >"$trace_dir/queue" &
wait_until 20 grep -q ready "$trace_dir/queue" | diag
trace asked --format json 'udp port 9'
nsenter --net=/run/netns/"$right" -- bash -c 'exec 5>/dev/udp/192.0.2.1/9; echo x >&5; exec sleep 1000' &
sender=$!
end_sender() { kill "$sender"; }
cleanup_push end_sender
done_after 1
check "who judges a packet of a queue does not send it" same "$(of enter '"\(.table) \(.owner.process) \(.owner.pid)"' | xargs -n 3 | sort -u | xargs)" \
	"filter bash $sender mangle bash $sender raw bash $sender"
check "... in all its tables" test "$(of enter .table | wc -l)" -ge 4
ktap_end
