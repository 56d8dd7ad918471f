#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The match in every chain of every table: five hooks, five tables, IPv4 and IPv6, legacy and nft. What each rule counts
# is what the in-tree match counts there.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

ktap_plan 4

make_pair
# Behind right lies a network, so that right forwards.
ip -n "$right" link add dummy0 type dummy
ip -n "$right" addr add 198.51.100.1/24 dev dummy0
ip -n "$right" addr add 2001:db8:1::1/64 dev dummy0 nodad
ip -n "$right" link set dummy0 up
in_right sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n "$left" route add 198.51.100.0/24 via 192.0.2.2
ip -n "$left" route add 2001:db8:1::/64 via 2001:db8::2

declare -A chains=(
	[raw]='PREROUTING OUTPUT'
	[mangle]='PREROUTING INPUT FORWARD OUTPUT POSTROUTING'
	[nat]='PREROUTING INPUT OUTPUT POSTROUTING'
	[filter]='INPUT FORWARD OUTPUT'
	[security]='INPUT FORWARD OUTPUT'
)
# Of five datagrams to right, two through it and three from it.
declare -A seen=([PREROUTING]=7 [INPUT]=5 [FORWARD]=2 [OUTPUT]=3 [POSTROUTING]=5)
tables='raw mangle nat filter security'

# every_chain: a line for each chain, as counts prints it.
every_chain()
{
	local table chain
	for table in $tables; do
		for chain in ${chains[$table]}; do
			echo "$table $chain ${seen[$chain]}"
		done
	done
}

rules()
{
	local code table chain
	code=$(udp_code "$1" 1000)
	for table in $tables; do
		echo "*$table"
		for chain in ${chains[$table]}; do echo "-A $chain -m bpf --bytecode \"$code\""; done
		echo COMMIT
	done
}

all_arrived() { [[ $(counts "$1" | awk '$1 == "mangle" { n += $3 } END { print n }') == 22 ]]; }

judged_by()
{
	local addresses=(192.0.2.2 198.51.100.2 192.0.2.1)
	[[ $1 != ip6* ]] || addresses=(2001:db8::2 2001:db8:1::2 2001:db8::1)
	# No packet reaches a nat table unless something asks for connection tracking.
	in_right nft 'table inet tracked { chain input { type filter hook input priority 0; ct state new; }; }' &&
		rules "$1" | in_right "$1-restore" || return 1
	# Only the first packet of a connection goes through a nat table, so each has to be one.
	in_right conntrack -F 2>/dev/null
	datagrams 5 "${addresses[0]}" 1000 "$left" -s 3000
	datagrams 2 "${addresses[1]}" 1000 "$left" -s 3000
	datagrams 3 "${addresses[2]}" 1000 "$right" -s 3000
	wait_until 3 all_arrived "$1" || { counts "$1"; return 1; }
	counts "$1" | sort
}

as_in_tree_and_expected()
{
	local both
	both=$(on_both judged_by "$1") || { echo "$both"; return 1; }
	same "$both" "$(every_chain | sort)"
}

for tool in "${match_tools[@]}"; do
	check "$tool: all hooks of all tables" as_in_tree_and_expected "$tool"
done

ktap_end
