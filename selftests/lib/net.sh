# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Network namespaces and rules for tests. Source after ktap.sh.

# make_pair: namespaces $left and $right, joined by a veth pair: 192.0.2.1, 2001:db8::1 (left) and .2, ::2 (right).
make_pair()
{
	local id
	id=$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')
	left=left-$id right=right-$id
	ip netns add "$left"
	cleanup_push ip netns del "$left"
	ip netns add "$right"
	cleanup_push ip netns del "$right"
	ip -n "$left" link add eth0 type veth peer name eth0 netns "$right"
	local ns host=1
	for ns in "$left" "$right"; do
		in_netns "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.eth0.accept_dad=0
		ip -n "$ns" addr add 192.0.2.$host/24 dev eth0
		ip -n "$ns" addr add 2001:db8::$host/64 dev eth0 nodad
		ip -n "$ns" link set lo up
		ip -n "$ns" link set eth0 up
		host=$((host + 1))
	done
	wait_until 5 in_left ping -nqc1 -W1 192.0.2.2
	wait_until 5 in_left ping -nqc1 -W1 2001:db8::2
}

# Neither asks where the other is any more: a ruleset that drops what it does not know would leave the question unanswered as
# soon as the answer is old, which it is after seconds.
know_each_other()
{
	local to_left to_right
	to_left=$(ip -n "$left" -br link show eth0 | awk '{ print $3 }')
	to_right=$(ip -n "$right" -br link show eth0 | awk '{ print $3 }')
	ip -n "$left" neigh replace 192.0.2.2 lladdr "$to_right" dev eth0 nud permanent
	ip -n "$left" neigh replace 2001:db8::2 lladdr "$to_right" dev eth0 nud permanent
	ip -n "$right" neigh replace 192.0.2.1 lladdr "$to_left" dev eth0 nud permanent
	ip -n "$right" neigh replace 2001:db8::1 lladdr "$to_left" dev eth0 nud permanent
}

# in_netns NAME COMMAND...: unlike `ip netns exec` it leaves /sys alone, and with it the BPF file system.
in_netns()
{
	nsenter --net=/run/netns/"$1" -- "${@:2}"
}

in_left() { in_netns "$left" "$@"; }
in_right() { in_netns "$right" "$@"; }
in_far() { in_netns "$far" "$@"; }

# make_far: a third namespace $far, 198.51.100.2 and 2001:db8:1::2 behind the right one (eth1, .1 and ::1), which forwards.
make_far()
{
	far=far-${right#right-}
	ip netns add "$far"
	cleanup_push ip netns del "$far"
	ip -n "$right" link add eth1 type veth peer name eth0 netns "$far"
	ip -n "$right" addr add 198.51.100.1/24 dev eth1
	ip -n "$right" addr add 2001:db8:1::1/64 dev eth1 nodad
	ip -n "$far" addr add 198.51.100.2/24 dev eth0
	ip -n "$far" addr add 2001:db8:1::2/64 dev eth0 nodad
	ip -n "$right" link set eth1 up
	ip -n "$far" link set lo up
	ip -n "$far" link set eth0 up
	in_right sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n "$left" route add 198.51.100.0/24 via 192.0.2.2
	ip -n "$left" route add 2001:db8:1::/64 via 2001:db8::2
	ip -n "$far" route add default via 198.51.100.1
	ip -n "$far" route add default via 2001:db8:1::1
	wait_until 5 in_left ping -nqc1 -W1 198.51.100.2
	wait_until 5 in_left ping -nqc1 -W1 2001:db8:1::2
}

# make_bridge: the addresses of right move to a bridge br0 over its end of the pair.
make_bridge()
{
	ip -n "$right" link add br0 type bridge &&
		ip -n "$right" addr flush dev eth0 &&
		ip -n "$right" link set eth0 master br0 &&
		ip -n "$right" addr add 192.0.2.2/24 dev br0 &&
		ip -n "$right" addr add 2001:db8::2/64 dev br0 nodad &&
		ip -n "$right" link set br0 up &&
		wait_until 10 in_left ping -nqc1 -W1 192.0.2.2 &&
		wait_until 10 in_left ping -nqc1 -W1 2001:db8::2
}

# receive_on NAMESPACE DEVICE MASK: packets that come in there are handled on these CPUs, whichever sends them.
receive_on()
{
	# `ip netns exec` brings the /sys of the namespace.
	# shellcheck disable=SC2016 # the inner shell expands it
	ip netns exec "$1" sh -c 'for queue in /sys/class/net/"$1"/queues/rx-*; do echo "$2" >"$queue/rps_cpus"; done' - "$2" "$3"
}

# pings N ADDRESS: N echo requests from left, in a burst; whether they are answered does not matter.
pings() { in_left ping -nq -c "$1" -i 0.01 -W 1 "$2" >/dev/null || true; }

# packets TOOL TABLE CHAIN [N]: packets counted by rule N (default 1), from inside the right namespace.
packets()
{
	in_right "$1" -t "$2" -vnxL "$3" "${4:-1}" | awk '{ print $1 }'
}

# counted TOOL TABLE CHAIN WANT [N]
counted()
{
	same "$(packets "$1" "$2" "$3" "${5:-1}")" "$4"
}

# above MODULE: those that use it.
above()
{
	awk -v module="$1" '$1 == module {
		n = split($4, users, ",")
		for (i = 1; i <= n; i++) if (users[i] ~ /^[a-z0-9_]+$/) print users[i]
	}' /proc/modules
}

# unload MODULE...: each with whatever is above it, as far as it can go.
unload()
{
	local module
	for module in "$@"; do
		above "$module" | while read -r user; do unload "$user"; done
		modprobe -r "$module" 2>/dev/null
	done
}
