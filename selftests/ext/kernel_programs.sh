#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What of a rule's program must be there and when: files, pins, libraries, the module; and what is said where it is not.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

rules() { "$1" -S OUTPUT | sed -n 's/^-A OUTPUT //p' | sed 's/ *$//'; }

refuses()
{
	local words
	eval "words=(OUTPUT -m bpf $2)"
	refused 2 "$1" ours "$3" -A "${words[@]}" && same "$(ours rules "$3")" ""
}

# A file is read when the rule is added, and by nobody later.
outlives_its_file()
{
	local words=(OUTPUT -m bpf --object-file "$objects/gone.o")
	cp "$bpf_dir/match_all.bpf.o" "$objects/gone.o"
	ours "$1" -A "${words[@]}" || return
	rm "$objects/gone.o"
	ours "$1" -A OUTPUT -p udp && ours "$1" -C "${words[@]}" &&
		refused 2 'No such file or directory' ours "$1" -A "${words[@]}" &&
		ours "$1" -D "${words[@]}" && same "$(ours rules "$1")" '-p udp'
}

outlives_its_pin()
{
	local words=(OUTPUT -m bpf --object-pinned "$dir/gone")
	pin_at "$dir/gone"
	ours "$1" -A "${words[@]}" || return
	rm "$dir/gone"
	ours "$1" -A OUTPUT -p udp && ours "$1" -C "${words[@]}" &&
		refused 2 'pin one by bpftool' ours "$1" -A "${words[@]}" &&
		ours "$1" -D "${words[@]}" && same "$(ours rules "$1")" '-p udp'
}

# programs NAME: how many of that name are loaded.
programs() { bpftool -j prog show | jq "[.[] | select(.name == \"$1\")] | length"; }

loads_once()
{
	wait_until 5 no_program two_yes || return
	printf '%s\n' '*filter' '-A OUTPUT -m bpf --object-file '$objects/two.o' --program two_yes'{,,} COMMIT |
		ours "$1-restore" || return
	same "$(programs two_yes)" 1 && ours "$1" -F && wait_until 5 no_program two_yes
}
no_program() { [ "$(programs "$1")" = 0 ]; }

# Accept is a match, and inverted it is none.
netfilter_is_shown()
{
	local words=(--object-file "$bpf_dir/netfilter_accept.bpf.o")
	ours "$1" -A OUTPUT -m bpf "${words[@]}" &&
		says 'name netfilter_accep type netfilter, accept = match)' ours "$1" -nL OUTPUT &&
		[[ $1 != iptables-* ]] || { ours "$1" -F && ours "$1" -A OUTPUT -p icmp -m bpf "${words[@]}" -j DROP &&
			! ping -qc 1 -W 1 127.0.0.1 >/dev/null 2>&1; }
}

missing_library()
{
	local file
	file=$(find /usr/lib -name "$1" | head -n 1)
	# Undone with the namespace, if not here.
	mount --bind /dev/null "$file" || return
	refused 1 "bpf: $2 needs a library that is missing" ours "$5" -A OUTPUT -m bpf "$2" "$4" &&
		refused 1 "apt install $3" ours "$5" -A OUTPUT -m bpf "$2" "$4" &&
		ours "$5" -A OUTPUT -m bpf --object-pinned $dir/all
	local status=$?
	umount "$file"
	return $status
}

# loaded_by OPTION...: which of the libraries that only some rules need are loaded.
loaded_by()
{
	LD_DEBUG=files ours iptables-legacy -A OUTPUT -m bpf "$@" 2>&1 |
		grep -o 'calling init: .*/lib\(pcap\|bpf\)\.' | sed 's|.*/||' | sort -u | xargs
}

only_where_needed()
{
	same "$(loaded_by --object-pinned $dir/all)" "" &&
		same "$(loaded_by --bytecode '1,6 0 0 1')" "" &&
		same "$(loaded_by --expression icmp)" libpcap. &&
		same "$(loaded_by --object-file $objects/two.o --program two_no)" libbpf.
}

loads_itself()
{
	local tool
	for tool in "${tools[@]}"; do "$tool" -F; done
	# What is installed has modprobe load both.
	mkdir -p /run/modprobe.d && echo 'install xt_ebpf /bin/false' >/run/modprobe.d/selftests-alone.conf || return
	wait_until 5 modprobe -r xt_ebpf && modprobe xt_bpf
	rm /run/modprobe.d/selftests-alone.conf
	[ -d /sys/module/xt_bpf ] && [ ! -d /sys/module/xt_ebpf ] || { echo "xt_bpf is not alone"; return 1; }
	ours "$1" -A OUTPUT -m bpf ! --expression tcp && [ -d /sys/module/xt_ebpf ]
}

in_own_namespaces "$@"
find_extensions
have_revision_2 || skip_all "the kernel's match has no revision 2"
dir=/sys/fs/bpf/programs objects=$(mktemp -d)
cleanup_push rm -rf "$objects"
ip link set lo up
mkdir "$dir"
pin_at "$dir/all"
cp "$bpf_dir/two_programs.bpf.o" "$objects/two.o"
printf -v too_long ',48 0 0 %d' {1..4096}
too_long=4097$too_long,

ktap_plan 19
check "a rule outlives the file of its object, and is found without it" each_back_end outlives_its_file
check "a rule outlives its pin, and is found without it" each_back_end outlives_its_pin
check "an object is loaded once for all lines that name the same program" each_back_end loads_once

check "what libpcap says of an expression is shown with it" \
	each_back_end refuses "bpf: \"tcp prt 80\": can't parse filter expression: syntax error" '--expression "tcp prt 80"'
check "an expression about the link layer is refused" each_back_end refuses 'choose the chain, or -i and -o' '--expression inbound'
check "an empty expression is refused" each_back_end refuses '--expression needs one' '--expression " "'
check "bytecode for Ethernet is refused, with the way out" \
	each_back_end refuses 'tcpdump -y RAW -ddd' '--bytecode "4,40 0 0 12,21 0 1 2048,6 0 0 1,6 0 0 0"'
check "bytecode of 4097 instructions is refused" each_back_end refuses 'exceeds maximum: 4097 of 4096' "--bytecode \"${too_long}6 0 0 1\""
check "what the verifier says of an object is shown" \
	each_back_end refuses "invalid mem access 'map_value_or_null'" "--object-file $bpf_dir/not_verified.bpf.o"
check "an object of another type is refused by name" \
	each_back_end refuses 'is of type xdp; needed is SEC("socket") or SEC("netfilter")' "--object-file $bpf_dir/other_type.bpf.o"
check "an object with two programs wants one of them named" \
	each_back_end refuses 'choose by --program NAME: two_yes two_no' "--object-file $objects/two.o"
if grep -qw bpf_nf_link_attach /proc/kallsyms; then
	check "one of type netfilter is run, and accept is said to be a match" each_back_end netfilter_is_shown
else
	ktap_skip "one of type netfilter is run, and accept is said to be a match" "not before Linux 6.4"
fi
check "a name that is not in it is refused with those that are" \
	each_back_end refuses 'holds no program "three" but: two_yes two_no' "--object-file $objects/two.o --program three"
check "what is no object is refused" each_back_end refuses 'cannot be read as an ELF object' "--object-file /proc/version"
check "two sources exclude each other" each_back_end refuses 'exclude each other' '--expression tcp --bytecode "1,6 0 0 1"'

check "libraries are loaded only for rules that need them" only_where_needed
check "without libpcap an expression says which package is missing" \
	each_back_end missing_library 'libpcap.so.*' --expression libpcap0.8 tcp
check "without libbpf an object does" each_back_end missing_library 'libbpf.so.*' --object-file libbpf1 $objects/two.o
check "the module is loaded where only the in-tree match was" each_back_end loads_itself
ktap_end
