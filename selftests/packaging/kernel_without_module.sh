#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel boots that xt_ebpf was not built for: the saved ruleset is restored all the same, the kernel's own xt_bpf judges
# by it, and packets count as before.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/packaging.sh

ktap_plan 10

make_pair
pin udp_1000 udp_1000

# save TOOL: the rules under xt_ebpf, as iptables-persistent and others keep them.
save()
{
	drop_rules
	load_ours && two_rules "$1" && held xt_ebpf 2 && two_rules_count "$1" 3 && in_right "$1-save" >"/tmp/$1.rules"
}

# restore TOOL: what a boot does. The kernel looks for the match by itself.
restore()
{
	drop_rules
	unload_both && in_right "$1-restore" <"/tmp/$1.rules" && held xt_bpf 2 && references_are xt_ebpf none &&
		two_rules_count "$1" 3
}

for tool in "${match_tools[@]}"; do
	check "$tool: rules are saved where xt_ebpf judges" save "$tool"
done
# modprobe unloads only what it finds installed.
drop_rules
unload_both
hide_module
for tool in "${match_tools[@]}"; do
	check "$tool: they are restored, counted by xt_bpf, where there is none" restore "$tool"
done

# What systemd does at boot with modules-load.d: the failure that announces it.
loads_at_boot() { grep -hv '^#' /lib/modules-load.d/iptables-ebpf.conf | xargs modprobe -a; }
check "the boot says that the module is missing" says "Module xt_ebpf not found" loads_at_boot
drop_rules
unload_both
show_module
check "where it is there, the boot loads it" loads_at_boot
ktap_end
