# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Packets of ARP between $left and $right, and no others than those that a test sends for. Source after net.sh.
# shellcheck disable=SC2154 # $left, $right

# Nobody looks for an address by himself any more, and addresses of Ethernet are known beforehand.
quiet_arp()
{
	local ns
	ip -n "$left" link set eth0 address 02:00:00:00:00:01
	ip -n "$right" link set eth0 address 02:00:00:00:00:02
	ip -n "$left" neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 nud permanent dev eth0
	ip -n "$right" neigh replace 192.0.2.1 lladdr 02:00:00:00:00:01 nud permanent dev eth0
	for ns in "$left" "$right"; do
		# Who is asked for and does not answer is asked for once.
		in_netns "$ns" sysctl -qw net.ipv4.neigh.eth0.mcast_solicit=1 net.ipv4.neigh.eth0.ucast_solicit=0
	done
}

# arp_from LEFT_ADDRESS [OPTION...]: left asks right who has 192.0.2.2; if it is not dropped, right answers at once.
# what_arp OPERATION SENDER TARGET [OPTION...]: whatever left may say.
arp_bin=$(dirname "${BASH_SOURCE[0]}")/../bin
what_arp() { in_left "$arp_bin/send_arp" "${@:4}" eth0 "$1" "$2" "$3"; }
arp_from() { what_arp 1 "$1" 192.0.2.2 "${@:2}"; }
