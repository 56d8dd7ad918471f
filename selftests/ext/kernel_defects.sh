#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is wrong with "-m bpf" as it comes with iptables and the kernel, side by side with this project: each defect is shown
# with the stock extension and the in-tree match, and then to be gone with ours, by the same steps.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

# A side is an extension and a match. put_in_place: the other's rules go, and its module.
put_in_place()
{
	local tool
	for tool in "${tools[@]}"; do "$tool" -F && "$tool" -X; done
	mkdir -p /run/modprobe.d
	if [ "$1" = stock ]; then
		echo 'install xt_ebpf /bin/false' >/run/modprobe.d/selftests-stock.conf
		wait_until 10 gone xt_ebpf && modprobe xt_bpf && [ ! -d /sys/module/xt_ebpf ]
	else
		rm -f /run/modprobe.d/selftests-stock.conf
		wait_until 10 gone xt_bpf && modprobe xt_ebpf && [ ! -d /sys/module/xt_bpf ]
	fi
}
gone() { [ ! -d "/sys/module/$1" ] || modprobe -r "$1"; }

# Each step function is called as FUNCTION EXTENSION TOOL and succeeds where all is well.
# mended NAME FUNCTION TOOL...: with stock parts it goes wrong, with ours it does not.
mended()
{
	check "$1: so it is with stock parts" wrong_with_stock "${@:2}"
	check "$1: not with ours" right_with_ours "${@:2}"
}

wrong_with_stock()
{
	local tool
	put_in_place stock || { echo "the in-tree match could not be put in place"; return 1; }
	for tool in "${@:2}"; do
		"$tool" -F
		! "$1" stock "$tool" || { echo "nothing is wrong with $tool"; return 1; }
	done
}

right_with_ours()
{
	local tool
	put_in_place ours || { echo "our match could not be put in place"; return 1; }
	for tool in "${@:2}"; do
		"$tool" -F
		"$1" ours "$tool" || { echo "with $tool"; return 1; }
	done
}

pinned=(-m bpf --object-pinned /sys/fs/bpf/all)
rules() { "$1" "$2" -S OUTPUT | sed -n '/^-A/{s/ *$//;p}'; }
number_of_rules() { rules "$@" | wc -l; }

ruleset()
{
	local i
	echo '*filter'
	for ((i = 0; i < $1; i++)); do echo "-A OUTPUT ${pinned[*]} -m comment --comment $i"; done
	echo COMMIT
}

restored_rules_are_deleted()
{
	local i
	ruleset 3 | "$1" "$2-restore" || return
	for i in 0 1 2; do "$1" "$2" -D OUTPUT "${pinned[@]}" -m comment --comment $i || return; done
}

files_do_not_matter()
{
	"$1" "$2" -A OUTPUT "${pinned[@]}" && "$1" "$2" -D OUTPUT "${pinned[@]}" 3</dev/null 4</dev/null 5</dev/null
}

many_are_restored() { (ulimit -n 256 && ruleset 300 | "$1" "$2-restore") && same "$(number_of_rules "$1" "$2")" 300; }

# drops EXTENSION TOOL: whether the rule drops a ping.
drops()
{
	local address=127.0.0.1
	[[ $2 != ip6* ]] || address=::1
	! ping -qc 1 -W 1 $address >/dev/null 2>&1
}

# A rule keeps its program while others come, and one that is added takes what is pinned by then.
keeps_its_program()
{
	rm -f /sys/fs/bpf/changing
	pin_at /sys/fs/bpf/changing
	"$1" "$2" -A OUTPUT -m bpf --object-pinned /sys/fs/bpf/changing -j DROP && drops "$@" || return
	rm /sys/fs/bpf/changing
	bpftool prog load "$bpf_dir/match_none.bpf.o" /sys/fs/bpf/changing type socket
	"$1" "$2" -A OUTPUT -p tcp --dport 9 && drops "$@" || { echo "another rule changed it"; return 1; }
	"$1" "$2" -F && "$1" "$2" -A OUTPUT -m bpf --object-pinned /sys/fs/bpf/changing -j DROP || return
	! drops "$@" || { echo "it is not what is pinned now"; return 1; }
}

outlives_its_pin()
{
	pin_at /sys/fs/bpf/removed
	"$1" "$2" -A OUTPUT -m bpf --object-pinned /sys/fs/bpf/removed || return
	rm /sys/fs/bpf/removed
	"$1" "$2" -A OUTPUT -p tcp --dport 9
}

path_with_space_is_restored()
{
	local dump
	"$1" "$2" -A OUTPUT -m bpf --object-pinned '/sys/fs/bpf/two words' && dump=$("$1" "$2-save" -t filter) &&
		"$1" "$2-restore" <<<"$dump"
}

long_path_is_not_cut()
{
	"$1" "$2" -A OUTPUT -m bpf --object-pinned "$long" && says "--object-pinned $long" "$1" "$2" -S OUTPUT
}

numbers_do_not_wrap()
{
	local code
	for code in '2,21 256 0 6,6 0 0 1' '1,65542 0 0 1' '1,6 0 0 1zzz' '1,6 0 0 -1'; do
		! "$1" "$2" -A OUTPUT -m bpf --bytecode "$code" 2>/dev/null || { echo "taken: $code"; return 1; }
	done
}

listing_has_no_nul()
{
	"$1" "$2" -A OUTPUT -m bpf --bytecode '1,6 0 0 1' && same "$("$1" "$2" -nL OUTPUT | tr -cd '\0' | wc -c)" 0
}

tcpdump_is_taken()
{
	"$1" "$2" -A OUTPUT -m bpf --bytecode "$(tcpdump -y RAW -ddd icmp 2>/dev/null)"
}

# The kernel log says why.
reason_is_given()
{
	local said
	dmesg -C
	! "$1" "$2" -A OUTPUT -m bpf --object-pinned /sys/fs/bpf/xdp 2>/dev/null || return
	said=$(dmesg)
	[[ $said == *'/sys/fs/bpf/xdp is a BPF program of type xdp'* ]] || { echo "the kernel log says: $said"; return 1; }
}

program_is_shown()
{
	"$1" "$2" -A OUTPUT "${pinned[@]}" && says "(id $(bpftool -j prog show pinned /sys/fs/bpf/all | jq .id) " "$1" "$2" -nL OUTPUT
}

# compiled: how many classic programs the kernel has made since the script began.
compiled() { awk '$1 == "selftests_compiled" { print $2 }' /sys/kernel/tracing/kprobe_profile; }

appending_compiles_nothing()
{
	local i before after
	{
		echo '*filter'
		for ((i = 0; i < 100; i++)); do echo "-A OUTPUT -m bpf --bytecode \"1,6 0 0 $i\""; done
		echo COMMIT
	} | "$1" "$2-restore" || return
	before=$(compiled)
	"$1" "$2" -A OUTPUT -p tcp --dport 9 || return
	after=$(compiled)
	same $((after - before)) 0
}

in_own_namespaces "$@"
find_extensions
have_revision_2 || skip_all "the kernel's match has no revision 2"
cleanup_push rm -f /run/modprobe.d/selftests-stock.conf
ip link set lo up
pin_at /sys/fs/bpf/all
pin_at '/sys/fs/bpf/two words'
bpftool prog load "$bpf_dir/match_all.bpf.o" /sys/fs/bpf/xdp type xdp
[ -e /sys/kernel/tracing/kprobe_events ] || mount -t tracefs tracefs /sys/kernel/tracing
cleanup_push eval 'echo -:selftests_compiled >>/sys/kernel/tracing/kprobe_events'
cleanup_push eval 'echo 0 >/sys/kernel/tracing/events/kprobes/selftests_compiled/enable'
echo 'p:selftests_compiled bpf_prog_create' >>/sys/kernel/tracing/kprobe_events
echo 1 >/sys/kernel/tracing/events/kprobes/selftests_compiled/enable
printf -v part '%0150d' 0
mkdir -p "/sys/fs/bpf/$part/$part/$part"
printf -v long '%s/%0*d' "/sys/fs/bpf/$part/$part/$part" 60 1
pin_at "$long"
legacy=(iptables-legacy ip6tables-legacy)

ktap_plan 26
mended "D1: restored rules are not found by -D" restored_rules_are_deleted "${tools[@]}"
mended "D2: a process with other files open does not find a rule" files_do_not_matter "${tools[@]}"
mended "D3: a restore runs out of files" many_are_restored "${tools[@]}"
mended "D4: a rule's program changes with its pin, at any other change of the table" keeps_its_program "${legacy[@]}"
mended "D5: without the pin no rule can be added to the table" outlives_its_pin "${legacy[@]}"
mended "D6: a path with a space cannot be restored" path_with_space_is_restored "${tools[@]}"
mended "D7: a long path is cut" long_path_is_not_cut "${tools[@]}"
mended "D8: numbers wrap around" numbers_do_not_wrap "${tools[@]}"
mended "D9: the listing has a NUL in it" listing_has_no_nul "${tools[@]}"
mended "D10: what tcpdump -ddd prints is refused" tcpdump_is_taken "${tools[@]}"
mended "D11: a refusal has no reason" reason_is_given "${tools[@]}"
mended "D12: nothing tells which program a rule runs" program_is_shown "${tools[@]}"
mended "D13: adding one rule compiles the others again" appending_compiles_nothing "${legacy[@]}"
ktap_end
