# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests of the match share. Source after ktap.sh and net.sh.

bpf_objects=$(dirname "${BASH_SOURCE[0]}")/../bpf
pin_dir=/sys/fs/bpf/selftests-$$

# The four tools of a Debian host: two back ends, two families.
match_tools=(iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft)

# load_ours: xt_ebpf is loaded and the in-tree match is not. load_stock: the other way round.
load_ours()
{
	modprobe -r xt_bpf 2>/dev/null
	modprobe xt_ebpf
}

load_stock()
{
	modprobe -r xt_ebpf 2>/dev/null
	modprobe --ignore-install xt_bpf
	modprobe -r xt_ebpf 2>/dev/null
	[ ! -d /sys/module/xt_ebpf ]
}

# references MODULE: how many rules (and other users) hold it.
references() { cat "/sys/module/$1/refcnt" 2>/dev/null || echo none; }

# pin OBJECT NAME [TYPE]: loads a BPF object of the tests and pins its program as $pin_dir/NAME.
pin()
{
	[ -d "$pin_dir" ] || {
		mkdir -p "$pin_dir"
		cleanup_push rm -rf "$pin_dir"
	}
	bpftool prog load "$bpf_objects/$1.bpf.o" "$pin_dir/$2" type "${3:-socket}"
}

# Classic BPF: all packets; none.
code_all='1,6 0 0 1'
code_none='1,6 0 0 0'
# IPv4 or IPv6 with ICMP echo inside is all that a ping sends: protocol by family.
code_icmp='4,48 0 0 9,21 0 1 1,6 0 0 65535,6 0 0 0'
code_icmp6='4,48 0 0 6,21 0 1 58,6 0 0 65535,6 0 0 0'
code_tcp='4,48 0 0 9,21 0 1 6,6 0 0 65535,6 0 0 0'
code_tcp6='4,48 0 0 6,21 0 1 6,6 0 0 65535,6 0 0 0'

# peer_of TOOL: the address that left pings so that TOOL's rules in right see it.
peer_of()
{
	case $1 in
	ip6*) echo 2001:db8::2 ;;
	*) echo 192.0.2.2 ;;
	esac
}
