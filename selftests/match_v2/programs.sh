#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What rules of revision 2 run: bytecode, expressions, pinned programs and objects, of type socket_filter and netfilter,
# with ! and without.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/match_v2.sh
. lib/linger.sh

ktap_plan 24

legacy_interface
make_pair
load_ours || exit 1
pin match_all all
pin match_none none
pin udp_1000 udp_1000
pin scribble_cb scribble
long=100$(printf ',0 0 0 7%.0s' {1..99}),6\ 0\ 0\ 1

# judges INTERFACE WANT WORD...: of three datagrams to port 9 so many match.
judges() { drop_rules; rule "$1" rev=2 "${@:3}" && same "$(hits "$1" 3)" "$2" && held xt_ebpf 1; }

for interface in legacy legacy6 nft; do
	check "$interface: bytecode" judges $interface 3 "code=$code_all"
	check "$interface: ! bytecode" judges $interface 0 "code=$code_all" invert
	check "$interface: a pinned program" judges $interface 0 "path=$pin_dir/udp_1000"
	check "$interface: ! a pinned program" judges $interface 3 "path=$pin_dir/udp_1000" invert
	check "$interface: an object's program" judges $interface 3 "open=$pin_dir/all" "text=/some/object.o|"
done

scribbles() { judges "$1" 3 "path=$pin_dir/scribble"; }
check "legacy: a program that uses skb->cb" scribbles legacy

# A program of 100 instructions, which is stored first. The socket lives for as long as the command.
# shellcheck disable=SC2016 # the inner shell expands it
stored()
{
	drop_rules
	control store bytecode "$long" "" bash -c '
		read -r content; bin/xt_rule raw 3 rev=2 source=bytecode insns=100 content=$content' <<<"$(control store bytecode "$long" "")" ||
		return 1
	same "$(hits legacy 3)" 3 && same "$(control get "$(handle_of)" | field insns)" 100
}
check "bytecode of 100 instructions, stored" stored

for interface in legacy nft; do
	stays_on_cpu "$interface: a program stays on its CPU" rule $interface rev=2 "path=$pin_dir/linger"
done

has_netfilter() { zgrep -q CONFIG_NETFILTER_BPF_LINK=y /proc/config.gz 2>/dev/null || grep -qw bpf_nf_link_attach /proc/kallsyms; }
if has_netfilter; then
	bin/pin_netfilter bpf/nf_local_in.bpf.o "$pin_dir/netfilter"
	# A rule of OUTPUT, hook 3, where such a packet has no device yet; and one of INPUT.
	by_hook()
	{
		drop_rules
		rule legacy rev=2 "path=$pin_dir/netfilter" && same "$(hits legacy 3)" 0 || return 1
		in_right bin/xt_rule filter 1 rev=2 "path=$pin_dir/netfilter" -- rev=2 "path=$pin_dir/netfilter" invert
		in_right bin/udp_send -n 3 127.0.0.1 9
		same "$(in_right bin/xt_rule -c filter | xargs)" "3 0"
	}
	check "legacy: a program of type netfilter sees hook, device and packet; accept is a match" by_hook
	by_hook_nft()
	{
		drop_rules
		in_right bin/nft_rule ip 1 rev=2 "path=$pin_dir/netfilter" -- rev=2 "path=$pin_dir/netfilter" invert
		in_right bin/udp_send -n 3 127.0.0.1 9
		same "$(nft_counts ip)" "3 0"
	}
	check "nft: a program of type netfilter sees hook, device and packet; accept is a match" by_hook_nft
	as_object() { drop_rules; in_right bin/xt_rule filter 1 rev=2 "open=$pin_dir/netfilter" "text=/x.o|"; }
	check "an object's program of type netfilter" as_object
	told() { same "$(control dump | field prog_type)" 32; }
	check "its type is told" told
	old_revision() { same "$(rule legacy "path=$pin_dir/netfilter")" EINVAL; }
	check "revision 1 refuses it, as in-tree" old_revision
else
	for what in "legacy: a program of type netfilter sees hook, device and packet; accept is a match" \
		"nft: a program of type netfilter sees hook, device and packet; accept is a match" \
		"an object's program of type netfilter" "its type is told" "revision 1 refuses it, as in-tree"; do
		ktap_skip "$what" "no programs of type netfilter before Linux 6.4"
	done
fi

ktap_end
