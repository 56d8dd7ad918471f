# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests of the match share. Source after ktap.sh and net.sh.

bpf_objects=$(dirname "${BASH_SOURCE[0]}")/../bpf
pin_dir=/sys/fs/bpf/selftests-$$
stock_conf=/run/modprobe.d/selftests-stock.conf

match_cleanup()
{
	rm -rf "$pin_dir" "$stock_conf"
}
cleanup_push match_cleanup

# Through an iptables it is revisions 0 and 1 that are tested here; those of the extension are ext/, revision 2 in the kernel
# is match_v2/.
export IPTABLES_EBPF_REVISION=1

# The four tools of a Debian host: two back ends, two families.
# shellcheck disable=SC2034 # for those that source this
match_tools=(iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft)

# load_ours: xt_ebpf is loaded and the in-tree match is not. load_stock: the other way round, and nothing that a test
# calls brings ours in. Both fail while rules hold what has to go.
load_ours()
{
	allow_ours
	modprobe -rq xt_bpf
	modprobe xt_ebpf && [ ! -d /sys/module/xt_bpf ]
}

load_stock()
{
	mkdir -p "${stock_conf%/*}"
	echo 'install xt_ebpf /bin/false' >"$stock_conf"
	modprobe -rq xt_ebpf
	modprobe -q --ignore-install xt_bpf
	[ ! -d /sys/module/xt_ebpf ] && [ -d /sys/module/xt_bpf ]
}

# allow_ours: after load_stock, ours may be loaded too.
allow_ours() { rm -f "$stock_conf"; }

# unload_both: neither is loaded, and both may be.
unload_both()
{
	allow_ours
	modprobe -rq xt_ebpf
	modprobe -rq xt_bpf
	[ ! -d /sys/module/xt_ebpf ] && [ ! -d /sys/module/xt_bpf ]
}

# legacy_interface: what iptables-legacy would load before it talks to the kernel, for helpers that do so themselves.
legacy_interface() { modprobe -aq ip_tables ip6_tables; }

# references MODULE: how many rules (and other users) hold it.
references()
{
	local count=none
	read -r count 2>/dev/null <"/sys/module/$1/refcnt"
	echo "$count"
}

# held MODULE N: exactly N rules hold it. nf_tables lets go of a rule a little later.
held() { wait_until 5 references_are "$1" "$2" || same "$(references "$1")" "$2"; }
references_are() { [ "$(references "$1")" = "$2" ]; }

# on_both COMMAND...: prints what COMMAND prints, which is the same with the in-tree match and with ours. COMMAND leaves
# at least one rule in the right namespace, so that it is known who judged the packets.
on_both()
{
	local stock ours
	drop_rules
	load_stock || { echo "the in-tree match could not be put in place"; return 1; }
	stock=$("$@") || { printf 'with the in-tree match:\n%s\n' "$stock"; return 1; }
	[ "$(references xt_bpf)" -gt 0 ] || { echo "no rule holds xt_bpf: $stock"; return 1; }
	drop_rules
	load_ours || { echo "our match could not be put in place"; return 1; }
	ours=$("$@") || { printf 'with our match:\n%s\n' "$ours"; return 1; }
	[ "$(references xt_ebpf)" -gt 0 ] || { echo "no rule holds xt_ebpf: $ours"; return 1; }
	drop_rules
	[ "$ours" = "$stock" ] || { printf 'in-tree:\n%s\nours:\n%s\n' "$stock" "$ours"; return 1; }
	printf '%s\n' "$ours"
}

# drop_rules: empties all tables of the right namespace that exist.
drop_rules()
{
	# shellcheck disable=SC2016 # for the inner shell
	in_right bash -c '
		for version in ip ip6; do
			names=
			[ ! -e /proc/net/${version}_tables_names ] || names=$(</proc/net/${version}_tables_names)
			[ -z "$names" ] || printf "*%s\nCOMMIT\n" $names | ${version}tables-legacy-restore
		done
		nft flush ruleset'
	wait_until 5 unreferenced
}

# unreferenced: no rule holds either match.
unreferenced()
{
	[ "$(references xt_bpf)" = none ] || [ "$(references xt_bpf)" = 0 ] || return 1
	[ "$(references xt_ebpf)" = none ] || [ "$(references xt_ebpf)" = 0 ]
}

# pin OBJECT NAME [TYPE]: loads a BPF object of the tests and pins its program as $pin_dir/NAME, its maps below
# $pin_dir/NAME-maps.
pin()
{
	mkdir -p "$pin_dir"
	bpftool prog load "$bpf_objects/$1.bpf.o" "$pin_dir/$2" type "${3:-socket}" pinmaps "$pin_dir/$2-maps"
}

# program_id NAME: of what pin made. program_exists ID.
program_id() { bpftool -j prog show pinned "$pin_dir/$1" | jq .id; }
program_exists() { bpftool prog show id "$1" >/dev/null 2>&1; }
program_gone() { ! program_exists "$1"; }

# Classic BPF: all packets; none.
# shellcheck disable=SC2034 # for who reads this
code_all='1,6 0 0 1' code_none='1,6 0 0 0'

# udp_code TOOL PORT: bytecode for UDP to that port.
udp_code()
{
	local protocol=9 port=22
	[[ $1 != *6* ]] || protocol=6 port=42
	echo "6,48 0 0 $protocol,21 0 3 17,40 0 0 $port,21 0 1 $2,6 0 0 65535,6 0 0 0"
}

# datagrams N ADDRESS PORT [NETNS [OPTION...]]: sends N UDP datagrams, from left if no namespace is named.
datagrams() { in_netns "${4:-$left}" bin/udp_send "${@:5}" -n "$1" "$2" "$3"; }

# keep_sending OPTION... ADDRESS PORT: bin/udp_send from left, until stop_sending. Not within check, whose subshell ends.
senders=()
keep_sending()
{
	nsenter --net=/run/netns/"$left" -- bin/udp_send "$@" &
	senders+=($!)
	cleanup_push kill $!
}

stop_sending()
{
	kill "${senders[@]}"
	wait "${senders[@]}" 2>/dev/null
	senders=()
}

# peer_of TOOL: the address that left sends to so that TOOL's rules in right see it.
peer_of()
{
	case $1 in
	*6*) echo 2001:db8::2 ;;
	*) echo 192.0.2.2 ;;
	esac
}

# counts TOOL: one line "TABLE CHAIN PACKETS" for each rule of right, in order.
counts()
{
	in_right "$1-save" -c | awk '
		/^\*/ { table = substr($1, 2) }
		/^\[/ { split(substr($1, 2), count, ":"); print table, $3, count[1] }'
}

# nft_counts FAMILY: packets counted by the rules that nft_rule made in right, in one line.
nft_counts()
{
	in_right nft list table "$1" selftest | sed -n 's/.* counter packets \([0-9]*\).*/\1/p' | xargs
}

# in_kernel_log SINCE: what the kernel said since log_mark printed SINCE.
log_mark()
{
	local mark
	mark="selftests-$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')"
	echo "$mark" >/dev/kmsg
	echo "$mark"
}

in_kernel_log() { dmesg | sed "1,/$1/d"; }
