#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iptables-bpf export: rules of revision 2 become rules that the stock extension restores and that judge the same packets;
# what cannot become so is named and keeps the stock extension from restoring anything.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
pins=/sys/fs/bpf/tool

rules()
{
	printf '%s\n' '*filter' ':OUTPUT ACCEPT [0:0]'
	printf -- '-A OUTPUT -o lo %s\n' "$@"
	echo COMMIT
}

expressions=(udp tcp 'udp port 1000' 'not udp port 1000' 'udp portrange 999-1001' 'udp[8] = 0x78 or greater 900' 'not (tcp or udp)' 'ip or ip6')

# Packets to be judged: UDP to three ports.
send()
{
	local address=127.0.0.1 port
	[[ $1 != ip6* ]] || address=::1
	for port in 998 1000 1001; do "$bin_dir/udp_send" -n 3 $address $port; done
}

judged_by_all() { ours "$1-save" -c -t filter | sed -n 's/^\[\([0-9]*\):.*/\1/p' | xargs; }

same_judgement()
{
	local list=() expression before after
	for expression in "${expressions[@]}"; do list+=("-m bpf --expression \"$expression\""); done
	rules "${list[@]}" | ours "$1-restore" || return
	send "$1"
	before=$(judged_by_all "$1")
	ours "$1-save" -t filter | iptables-bpf export >"$files/exported" || return
	! grep -e --expression "$files/exported" || return
	ours "$1" -F && stock "$1-restore" <"$files/exported" || return
	send "$1"
	after=$(judged_by_all "$1")
	same "$after" "$before" && [[ $before == *9* ]]
}

# In our iptables too, it is the same ruleset but for the words.
all_else_stays()
{
	local text
	text=$(rules '-p tcp -m comment --comment "a \"b\"" -m bpf --expression tcp -m bpf --bytecode "1,6 0 0 1" -j ACCEPT' '-p udp')
	same "$(iptables-bpf export <<<"$text" | sed 's/-m bpf --bytecode "[^"]*" -m bpf/-m bpf --expression tcp -m bpf/')" "$text"
}

# left OPTIONS TEXT: named with its line, and the whole text is refused by the stock extension.
left()
{
	local tool
	rules '-m bpf --expression tcp' "-m bpf $1" >"$files/rules"
	iptables-bpf export "$files/rules" >"$files/exported" 2>"$files/said"
	same $? 4 && [[ $(<"$files/said") == "$files/rules:4: "*"$2"* ]] || { cat "$files/said"; return 1; }
	for tool in "${tools[@]}"; do
		! stock "$tool-restore" <"$files/exported" 2>/dev/null || { echo "$tool-restore takes it"; return 1; }
		same "$("$tool" -S OUTPUT | grep -c '^-A')" 0 || return
	done
}

netfilter_is_left()
{
	iptables-bpf load "$bpf_dir/nf_accept.bpf.o" $pins/netfilter >/dev/null || return
	rules "-m bpf --object-pinned $pins/netfilter" >"$files/rules"
	ends 4 "$pins/netfilter is of type netfilter, which revision 1 cannot run" iptables-bpf export "$files/rules"
}


cannot_write() { ends 1 'cannot write: No space left on device' bash -c 'echo "*filter" | iptables-bpf export >/dev/full'; }

tool_begin "$@"
printf -v hosts ' or src host 192.0.2.%d' {2..80}
printf -v long '/sys/fs/bpf/%0500d' 0

ktap_plan 11
check "exported rules judge the same packets with the stock extension" each same_judgement
for tool in "${tools[@]}"; do "$tool" -F; done
check "nothing else of the text changes" all_else_stays
check "!: revision 1 has none" left '! --expression tcp' 'has no counterpart in revision 1'
check "an object: revision 1 has none" left "--object-file $bpf_dir/match_all.bpf.o" 'pin the program by '
check "an expression of more than 64 instructions" left "--expression \"src host 192.0.2.1$hosts\"" 'and revision 1 takes 64'
check "a path of 512 bytes" left "--object-pinned $long" 'the path has 512 bytes, and revision 1 takes 511'
check "an expression that does not compile" left '--expression "tcp prt 1"' 'syntax error'
if grep -q 'bpf_prog_type_netfilter\|netfilter_prog_ops' /proc/kallsyms; then
	check "a pinned program of type netfilter" netfilter_is_left
else
	ktap_skip "a pinned program of type netfilter" "this kernel has no such type"
fi
check "a file that is not there is named" ends 1 "cannot read $files/none: No such file" iptables-bpf export "$files/none"
check "a disk that is full is said" cannot_write
check "it needs no root" as_nobody iptables-bpf export /etc/passwd
ktap_end
