#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iptables-bpf list: every rule with -m bpf is there, with its place, what was written, what it runs, and its numbers.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
pins=/sys/fs/bpf/tool

json() { iptables-bpf list --json; }

# listed JQ: of all rules.
listed() { json | jq -r "$1"; }

# each_alone COMMAND...: as each, with no rule of another tool.
each_alone() { each alone "$@"; }
alone()
{
	local tool
	for tool in "${tools[@]}"; do "$tool" -F; done
	"$@"
}

# The rest of the rule does not matter, nor do rules in between.
place()
{
	local family=ip iptables=legacy
	[[ $1 != ip6* ]] || family=ip6
	[[ $1 != *nft ]] || iptables=nft
	ours "$1" -N 'MINE' && ours "$1" -A OUTPUT -p udp && ours "$1" -A OUTPUT -p tcp -m bpf --bytecode '1,6 0 0 1' &&
		ours "$1" -A MINE -m bpf --bytecode '1,6 0 0 1' -m bpf --object-pinned $pins/all -j DROP
	same "$(listed '.[] | "\(.iptables) \(.family) \(.table) \(.chain) \(.rule)"' | sort)" \
		"$(printf "$iptables $family filter %s\n" 'MINE 1' 'MINE 1' 'OUTPUT 2')"
	local status=$?
	ours "$1" -F && ours "$1" -X MINE && return $status
}

# written OPTIONS: shown as they were written, for all tools.
written()
{
	local tool
	for tool in "${tools[@]}"; do
		ours "$tool" -F
		eval "ours $tool -A OUTPUT -m bpf $1" || return
		same "$(listed '.[].source')" "$1" || { echo "with $tool"; return 1; }
		ours "$tool" -F
	done
}

program()
{
	local want
	add "$1" --object-pinned $pins/all && add "$1" --expression udp || return
	want=$(bpftool -j prog show pinned $pins/all | jq -r '"\(.id) \(.tag) \(.name) socket_filter"')
	same "$(listed '.[0] | "\(.id) \(.tag) \(.name) \(.type)"')" "$want" &&
		same "$(listed '.[1] | "\(.id) \(.type)"')" 'null classic'
}

since()
{
	local before
	before=$(date +%s)
	add "$1" --expression udp && listed '.[0].since' | awk -v from="$before" -v to="$(date +%s)" '{ exit !($1 >= from && $1 <= to) }'
}

# Two packets come by, of which one is an echo request.
numbers()
{
	local type='icmp[icmptype] == icmp-echo' address=127.0.0.1
	[[ $1 != ip6* ]] || type='ip6[40] == 128' address=::1
	iptables-bpf stats on --time >/dev/null && add "$1" --expression "$type" || return
	ping -nqc 1 -W 1 $address >/dev/null
	iptables-bpf stats off >/dev/null
	ping -nqc 1 -W 1 $address >/dev/null
	same "$(listed '.[0] | "\(.runs) \(.matches) \(.nanoseconds > 0)"')" '2 1 true'
}

never_counted() { add "$1" --expression udp && same "$(listed '.[0] | "\(.runs) \(.matches) \(.nanoseconds)"')" 'null null null'; }

# Rules of the stock extension do not tell what they run.
revision_1()
{
	local id
	id=$(id_of all)
	stock "$1" -A OUTPUT -m bpf --object-pinned $pins/all && stock "$1" -A OUTPUT -m bpf --bytecode '1,6 0 0 1' || return
	same "$(listed '.[] | "\(.revision) \(.id) \(.as_pinned_now) \(.type) \(.since) \(.source)"')" \
		"1 $id true socket_filter null --object-pinned $pins/all
1 null null classic null --bytecode \"1,6 0 0 1\"" && says "$id?" iptables-bpf list
}

inet_table()
{
	"$bin_dir/nft_rule" inet 0 rev=1 code='1,6 0 0 1' || return
	same "$(listed '.[] | "\(.iptables) \(.family) \(.table) \(.rule)"')" 'nft inet selftest 1'
	local status=$?
	nft flush ruleset
	return $status
}

text()
{
	local said
	add iptables-legacy --object-pinned $pins/all
	said=$(iptables-bpf list)
	iptables-legacy -F
	same "$(sed -n 1p <<<"$said" | xargs)" 'IPTABLES FAMILY TABLE CHAIN RULE ID TAG NAME TYPE RUNS MATCHES TIME SINCE SOURCE' &&
		[[ $(sed -n 2p <<<"$said" | xargs) == "legacy ip filter OUTPUT 1 $(id_of all) "*" match_all socket_filter - - - 20"*" --object-pinned $pins/all" ]] ||
		{ echo "$said"; return 1; }
}

# In another namespace, and where there is no rule, it makes no tables by looking.
none()
{
	same "$(unshare -n iptables-bpf list --json)" '[]' &&
		same "$(unshare -n bash -c 'iptables-bpf list >/dev/null; cat /proc/net/ip_tables_names')" ''
}

control_characters()
{
	ours iptables-legacy -N $'ESC\e[31m' && ours iptables-legacy -A $'ESC\e[31m' -m bpf --expression udp || return
	! iptables-bpf list | grep -q $'\e' && says 'ESC\x1b[31m' iptables-bpf list
	local status=$?
	ours iptables-legacy -F && ours iptables-legacy -X
	return $status
}

tool_begin "$@"
pin all match_all
# Longer than a rule itself holds.
long='udp port 1'
for i in {2..40}; do long+=" or udp port $i"; done
ktap_plan 18
check "a rule is found where it stands" each place
for tool in "${tools[@]}"; do "$tool" -F; done
for options in '--bytecode "1,6 0 0 1"' "! --object-pinned $pins/all" '--expression udp' '! --expression "not (udp or tcp)"' \
	"--object-file $bpf_dir/match_all.bpf.o" "--object-file $bpf_dir/two_of_them.bpf.o --program second" \
	"--expression \"$long\""; do
	check "as written: ${options:0:60}" written "$options"
done
check "the program is named by number, tag, name and type" each_alone program
check "it says since when" each_alone since
check "runs, matches and time are counted while stats are on" each_alone numbers
check "what was never counted is left out" each_alone never_counted
check "of revision 1 it says what is pinned now" each_alone revision_1
for tool in "${tools[@]}"; do "$tool" -F; done
check "rules of nft itself are there" inet_table
check "text has a head and columns" text
check "no rule, no table" none
check "names cannot speak to the terminal" control_characters
check "it is root's alone" ends 3 'iptables-bpf: ' as_nobody iptables-bpf list
ktap_end
