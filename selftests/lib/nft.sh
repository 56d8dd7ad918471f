# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Rulesets of nf_tables and what a session sees of them. Source after trace_kernel.sh.
# shellcheck disable=SC2154 # trace_kernel.sh and net.sh have been read before this

# rule_handle FAMILY TABLE CHAIN N: of the N-th rule of a chain, as nft says.
rule_handle()
{
	in_right nft -j list chain "$1" "$2" "$3" | jq "[.nftables[].rule // empty | .handle][$4 - 1]"
}

# chain_handle FAMILY TABLE CHAIN
chain_handle()
{
	in_right nft -j list chain "$1" "$2" "$3" | jq '.nftables[].chain // empty | .handle'
}

# generation: the number of the ruleset, as the kernel says.
generation() { in_right "$trace_bin/nft_generation"; }

# nft_walk NAME PACKET: the rules that a packet met, chain:type:handle:says.
nft_walk()
{
	events "$1" "^rule packet=$2 " |
		sed -E 's/.* chain=([^ ]*) type=([^ ]*) .* handle=([^ ]*) says=([^ ]*) .*/\1:\2:\3:\4/' | xargs
}

# listens: somebody listens for traces of nf_tables in the namespace $right: group 9 of nfnetlink.
# shellcheck disable=SC2016 # awk's own
listens() { in_right awk '$2 == 12 && $4 ~ /[13579bdf]..$/ { found = 1 } END { exit !found }' /proc/self/net/netlink; }

# monitor_lines COMMAND...: what somebody sees who does so meanwhile, by $trace_monitor, without what differs between any two
# packets. The namespace has the table "ends", by which a last packet is traced.
trace_monitor=(nft monitor trace)
monitor_lines()
{
	local pid last='^trace .*\bends ends\b|ends:ends|LEN=1000 |length 1000 '
	nsenter --net="/run/netns/$right" -- "${trace_monitor[@]}" >"$trace_work/monitor" 2>&1 &
	pid=$!
	wait_until 20 listens
	"$@" >/dev/null 2>&1
	in_left ping -nq -c 1 -W 0.1 -s 972 192.0.2.2 >/dev/null
	wait_until 20 grep -qE "$last" "$trace_work/monitor"
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
	grep -vE "$last" "$trace_work/monitor" | sed -E '
		s/^trace id [0-9a-f]+/trace/; s/(packet: .* length [0-9]+) .*/\1/
		s/((PACKET|TRACE): [0-9]+) [0-9a-f]+/\1/
		s/ (ID|SEQ|SPT|DPT|FLOWLBL)=[0-9]+//g; s/ip id [0-9]+ //; s/ sport [0-9]+//'
}

# make_ends: the table that it takes.
make_ends()
{
	in_right nft -f - <<-END
		table ip ends {
			chain ends {
				type filter hook prerouting priority -500;
				icmp type echo-request meta length 1000 meta nftrace set 1 drop
			}
		}
	END
}
