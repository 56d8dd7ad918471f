#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# closed [FILE4 [FILE6]]: replaces the filter tables of IPv4 and IPv6 by rules that let in and through nothing but answers,
# loopback and what IPv6 needs to have a link. Rules of the administrator's own, for a way in by ssh for instance, are taken
# instead from /etc/iptables-ebpf/closed.v4 and closed.v6, if they are there. Both tables are closed whatever becomes of the
# other.

set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

closed()
{
	printf '%s\n' '*filter' ':INPUT DROP [0:0]' ':FORWARD DROP [0:0]' ':OUTPUT ACCEPT [0:0]' '-A INPUT -i lo -j ACCEPT' \
		'-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT' "$@" COMMIT
}

# Without conntrack, or whatever else of the rules the kernel does not have, policies alone.
policies()
{
	for chain in INPUT FORWARD; do "$1" -w 5 -P "$chain" DROP || return; done
	"$1" -w 5 -F INPUT && "$1" -w 5 -F FORWARD
}

# close_family COMMAND FILE RULE...
close_family()
{
	command=$1 file=$2
	shift 2
	if [ -e "$file" ] && "$command-restore" <"$file"; then
		echo "$command: closed by $file"
	elif closed "$@" | "$command-restore"; then
		echo "$command: closed"
	elif policies "$command"; then
		echo "$command: closed by policies alone"
	else
		echo "$command: could not be closed" >&2
		return 1
	fi
}

status=0
close_family iptables "${1:-/etc/iptables-ebpf/closed.v4}" || status=1
close_family ip6tables "${2:-/etc/iptables-ebpf/closed.v6}" '-A INPUT -p ipv6-icmp -j ACCEPT' || status=1
exit $status
