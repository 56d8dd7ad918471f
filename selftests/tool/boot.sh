#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the units of a boot run, as far as that goes without systemd: a host without pins restores its rules after the pins'
# unit, and one whose restore fails is closed rather than open.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
pins=/sys/fs/bpf/tool
unit=/lib/systemd/system/iptables-ebpf-pins.service
closed=/usr/lib/iptables-ebpf/closed

# What a unit says behind NAME=, each word of it in a word.
said() { sed -n "s/^$2=//p" "$1" | xargs -n 1; }

# run_unit FOLDER: the pins' commands, with pins of that folder.
run_unit()
{
	local -a command
	mapfile -t command < <(said $unit ExecStart)
	"${command[@]}" --pins "$1"
}

rules()
{
	printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' ':FORWARD ACCEPT [0:0]' "-A INPUT -m bpf --object-pinned $pins/boot -j DROP" COMMIT
}

fails_open_without()
{
	rm -rf $pins
	! rules | ours "$1-restore" 2>/dev/null && same "$(ours "$1" -S INPUT)" '-P INPUT ACCEPT'
}

restores_after_the_unit()
{
	rm -rf $pins
	mkdir -p "$files/pins.d"
	echo "$pins/boot $bpf_dir/match_all.bpf.o" >"$files/pins.d/boot.conf"
	run_unit "$files/pins.d" >/dev/null && rules | ours "$1-restore" && same "$(ours "$1" -S INPUT | grep -c pinned)" 1
}

comes_before() { [[ " $(said $unit Before | xargs) " == *" $1 "* ]] || said $unit Before; }

ping_works() { ping -nqc 1 -W 1 "$1" >/dev/null; }

# The neighbour is the other end of a pair, in a namespace of its own.
closes()
{
	ip netns exec neighbour ping -nqc 1 -W 2 192.0.2.1 >/dev/null || { echo "open to begin with?"; return 1; }
	$closed "$files/none" "$files/none" >/dev/null || return
	! ip netns exec neighbour ping -nqc 1 -W 1 192.0.2.1 >/dev/null && ping_works 192.0.2.2 && ping_works 127.0.0.1 &&
		ping_works 2001:db8::2 && same "$(iptables -S FORWARD | head -n 1)" '-P FORWARD DROP' &&
		same "$(ip6tables -S INPUT | head -n 1)" '-P INPUT DROP'
}

closes_as_told()
{
	printf '%s\n' '*filter' ':INPUT DROP [0:0]' '-A INPUT -p icmp -j ACCEPT' COMMIT >"$files/closed.v4"
	$closed "$files/closed.v4" "$files/none" >/dev/null && ip netns exec neighbour ping -nqc 1 -W 2 192.0.2.1 >/dev/null &&
		same "$(iptables -S INPUT | xargs)" '-P INPUT DROP -A INPUT -p icmp -j ACCEPT'
}

# The administrator's own file is as broken as the rules were.
closes_in_spite_of_the_file()
{
	echo nonsense >"$files/closed.v4"
	$closed "$files/closed.v4" "$files/none" >/dev/null 2>&1
	! ip netns exec neighbour ping -nqc 1 -W 1 192.0.2.1 >/dev/null && same "$(iptables -S INPUT | head -n 1)" '-P INPUT DROP'
}

tool_begin "$@"
ip netns add neighbour
cleanup_push ip netns del neighbour
ip link add eth0 type veth peer name eth0 netns neighbour
ip addr add 192.0.2.1/24 dev eth0
ip addr add 2001:db8::1/64 dev eth0 nodad
ip -n neighbour addr add 192.0.2.2/24 dev eth0
ip -n neighbour addr add 2001:db8::2/64 dev eth0 nodad
ip link set eth0 up
ip -n neighbour link set eth0 up
wait_until 5 ping_works 192.0.2.2
wait_until 5 ping_works 2001:db8::2

ktap_plan 10
check "a restore before the pins leaves a host without rules" each fails_open_without
check "after the pins' unit it succeeds" each restores_after_the_unit
for service in network-pre.target netfilter-persistent.service iptables.service ip6tables.service; do
	check "the unit comes before $service" comes_before $service
done
for tool in "${tools[@]}"; do "$tool" -F; done
check "the closing unit's script exists where the unit says" [ -x "$(said /lib/systemd/system/iptables-ebpf-closed.service ExecStart)" ]
check "it lets nothing in but answers" closes
check "the administrator's own rules are taken instead" closes_as_told
check "if they cannot be, it closes all the same" closes_in_spite_of_the_file
ktap_end
