# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests of revision 2 share: rules straight through the kernel's interfaces, without an iptables. Source after match.sh.

# rule INTERFACE WORD...: makes the rules that the words say the only ones, on packets that right sends, by interface
# legacy, legacy6 or nft. rules_of, handles_of, counts_of INTERFACE: what the kernel has of them.
rule()
{
	case $1 in
	legacy) in_right bin/xt_rule "${table:-raw}" 3 "${@:2}" ;;
	legacy6) in_right bin/xt_rule -6 "${table:-raw}" 3 "${@:2}" ;;
	nft) in_right bin/nft_rule -t "${table:-selftest}" ip 3 "${@:2}" ;;
	esac
}

# control COMMAND...: bin/ebpf_ctl in the right namespace.
control() { in_right bin/ebpf_ctl "$@"; }

# field NAME: of each rule on standard input, as control dump prints them.
field() { sed -n "s/.*\b$1=\([^ ]*\) .*/\1/p"; }

handle_of() { control dump | field handle; }

# hits INTERFACE N: of N datagrams that right sends to itself, how many each rule counted.
hits()
{
	local address=127.0.0.1 before after
	[ "$1" != legacy6 ] || address=::1
	before=$(counters_of "$1")
	in_right bin/udp_send -n "$2" "$address" 9
	after=$(counters_of "$1")
	paste -d' ' <(tr ' ' '\n' <<<"$before") <(tr ' ' '\n' <<<"$after") | awk '{ print $2 - $1 }' | xargs
}

counters_of()
{
	case $1 in
	legacy) in_right bin/xt_rule -c "${table:-raw}" | xargs ;;
	legacy6) in_right bin/xt_rule -c -6 "${table:-raw}" | xargs ;;
	nft) nft_counts ip ;;
	esac
}

# Programs that the kernel made of bytecode and others: each has one of these.
programs() { grep -c ' bpf_prog_alloc' /proc/vmallocinfo; }
