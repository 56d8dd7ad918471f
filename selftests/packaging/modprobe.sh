#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# When xt_ebpf is loaded: with xt_bpf, by modprobe.d, and at boot, by modules-load.d, for those who cannot ask for it.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/packaging.sh

ktap_plan 9

make_pair
conf=/lib/modprobe.d/iptables-ebpf.conf
boot=/lib/modules-load.d/iptables-ebpf.conf

fresh()
{
	drop_rules
	unload_both
}

brings_ours() { fresh && modprobe xt_bpf && references_are xt_bpf 0 && references_are xt_ebpf 0; }
alone_without_conf()
{
	fresh && mv "$conf" /tmp/conf || return 1
	modprobe xt_bpf
	mv /tmp/conf "$conf"
	references_are xt_bpf 0 && references_are xt_ebpf none
}
rules_get_ours()
{
	fresh && modprobe xt_bpf && in_right "$1" -A INPUT -m bpf --bytecode "$code_all" && held xt_ebpf 1 && held xt_bpf 0
}
# As it is now, and under rules: xt_bpf stays, rather than to take ours from a rule.
not_taken_from_rules()
{
	rules_get_ours iptables-legacy || return 1
	! modprobe -r xt_bpf 2>/tmp/said || { echo "xt_bpf was unloaded"; return 1; }
	grep 'xt_ebpf is in use' /tmp/said && held xt_ebpf 1
}
silent_without_module()
{
	local status=0
	fresh
	hide_module
	modprobe xt_bpf >/tmp/said 2>&1 || status=$?
	show_module
	same "$status $(cat /tmp/said)" "0 " && references_are xt_bpf 0 && references_are xt_ebpf none
}

inet_rule() { in_right bin/nft_rule inet 1 "code=$code_all"; }
inet_cannot_ask() { fresh && ! inet_rule && references_are xt_ebpf none; }
inet_gets_ours()
{
	fresh && grep -v '^#' "$boot" | xargs modprobe -a && inet_rule && held xt_ebpf 1
}

check "modprobe xt_bpf brings xt_ebpf" brings_ours
check "which it would not without the file in modprobe.d" alone_without_conf
check "a legacy rule then gets ours" rules_get_ours iptables-legacy
check "an nft rule then gets ours" rules_get_ours ip6tables-nft
check "unloading xt_bpf takes nothing from rules" not_taken_from_rules
check "where xt_ebpf is missing, xt_bpf is loaded without complaint" silent_without_module
check "a rule of an inet table cannot ask for any module" inet_cannot_ask
check "so that it needs the one that the boot has loaded" inet_gets_ours
check "which is all that the boot loads" same "$(grep -v '^#' $boot)" xt_ebpf
ktap_end
