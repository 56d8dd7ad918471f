# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The network and the ruleset of `make demo`, and of the golden files of traces. Source after ktap.sh and net.sh.

demo_pin=/sys/fs/bpf/demo
# shellcheck disable=SC2034 # for those who load it
demo_object=/usr/lib/iptables-ebpf/examples/port_set.bpf.o

# demo_network: three namespaces in a row, client - router - server.
demo_network()
{
	local ns
	for ns in client router server; do
		ip netns add $ns
		ip -n $ns link set lo up
	done
	ip -n client link add eth0 type veth peer name lan netns router
	ip -n server link add eth0 type veth peer name wan netns router
	ip -n client addr add 10.0.1.2/24 dev eth0
	ip -n router addr add 10.0.1.1/24 dev lan
	ip -n router addr add 10.0.2.1/24 dev wan
	ip -n server addr add 10.0.2.2/24 dev eth0
	ip -n client link set eth0 up
	ip -n router link set lan up
	ip -n router link set wan up
	ip -n server link set eth0 up
	ip -n client route add default via 10.0.1.1
	ip -n server route add default via 10.0.2.1
	in_netns router sysctl -qw net.ipv4.ip_forward=1
}

# demo_ruleset: one in which a packet can get lost, for the router's iptables-restore.
demo_ruleset()
{
	cat <<-END
		*nat
		-A PREROUTING -d 10.0.1.1 -p tcp --dport 8080 -j DNAT --to-destination 10.0.2.2:80
		COMMIT
		*filter
		:INPUT ACCEPT
		:FORWARD DROP
		:LAN -
		:WEB -
		:LOOSE_ENDS -
		-A INPUT -m conntrack --ctstate INVALID -j DROP
		-A FORWARD -m conntrack --ctstate INVALID -j DROP
		-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A FORWARD -i lan -g LAN
		-A LAN -s 10.0.66.0/24 -j DROP
		-A LAN -m bpf --object-pinned $demo_pin/port_set -m comment --comment "closed ports" -j DROP
		-A LAN -p icmp -m limit --limit 10/sec -j ACCEPT
		-A LAN -p tcp -j WEB
		-A LAN -j LOOSE_ENDS
		-A WEB -p tcp -m multiport --dports 80,443 -j ACCEPT
		-A LOOSE_ENDS -p udp --dport 514 -j ACCEPT
		-A LOOSE_ENDS -p udp -j REJECT
		COMMIT
	END
}

# What is asked of packets there: the first of each connection, and no answers.
# shellcheck disable=SC2034 # likewise
demo_filter='icmp or udp or tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn'
