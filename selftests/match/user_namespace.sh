#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Root of a user namespace, who is nobody outside: may have bytecode rules in a network namespace of his own, and cannot
# get at pinned programs of the host. As with the in-tree match.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

ktap_plan 4

legacy_interface
modprobe -aq iptable_raw nf_tables nft_compat
make_pair
pin match_all all
chmod 755 "$pin_dir"

nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups unshare -Urn "$@"; }
nobody true || skip_all "users may not make user namespaces here"

# alike SCRIPT TEXT: prints TEXT, with the in-tree match and with ours. $module is the one that is loaded. What rules
# SCRIPT makes go with the namespace.
alike()
{
	load_stock || return 1
	same "$(module=xt_bpf nobody bash -c "ip link set lo up; $1" 2>&1)" "$2" || { echo "with the in-tree match"; return 1; }
	held xt_bpf 0 && load_ours || return 1
	same "$(module=xt_ebpf nobody bash -c "ip link set lo up; $1" 2>&1)" "$2" || { echo "with ours"; return 1; }
	held xt_ebpf 0
}

export pin_dir code_all
# shellcheck disable=SC2016 # for the inner shell
bytecode_nft='
	iptables-nft -A OUTPUT -p udp -m bpf --bytecode "$code_all" || exit
	bin/udp_send -n 3 127.0.0.1 9
	iptables-nft-save -c | sed -n "s/^\[\([0-9]*\):.*/counted \1/p"
	[ $(</sys/module/$module/refcnt) = 1 ] && echo held'
# shellcheck disable=SC2016 # the inner shell expands it
bytecode_legacy='
	bin/xt_rule raw 3 "code=$code_all" || exit
	bin/udp_send -n 3 127.0.0.1 9
	echo counted $(bin/xt_rule -c raw)
	[ $(</sys/module/$module/refcnt) = 1 ] && echo held'
# shellcheck disable=SC2016 # the inner shell expands it
pinned='bin/nft_rule ip 3 "path=$pin_dir/all"; bin/xt_rule raw 3 "path=$pin_dir/all"'

check "nft: bytecode is taken and matches" alike "$bytecode_nft" $'counted 3
held'
check "legacy: bytecode is taken and matches" alike "$bytecode_legacy" $'counted 3
held'
mark=$(log_mark)
check "a pinned program of the host is refused" alike "$pinned" $'EACCES
EACCES'
says_why() { same "$(in_kernel_log "$mark" | grep -c "no BPF program can be taken from $pin_dir/all (-EACCES)")" 2; }
check "and the kernel log says so, once for each" says_why

ktap_end
