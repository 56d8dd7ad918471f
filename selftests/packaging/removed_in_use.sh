#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The installed module goes while rules use the loaded one, as when the package is removed or a rebuild fails: nothing
# happens to the rules, whoever did it is told, and xt_bpf follows when the rules have gone.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/packaging.sh

ktap_plan 15

make_pair
pin udp_1000 udp_1000
version=$(file_version)

drop_rules
load_ours
for tool in "${match_tools[@]}"; do two_rules "$tool"; done
hide_module

refused()
{
	! rmmod xt_ebpf 2>/tmp/said || { echo "it was unloaded"; return 1; }
	grep 'in use' /tmp/said && held xt_ebpf 8
}
goes_on() { two_rules_count "$1" 3 && held xt_ebpf 8; }
takes_one_more()
{
	in_right "$1" -A INPUT -p udp -m bpf --bytecode "$code_none" && held xt_ebpf 9 && references_are xt_bpf none &&
		in_right "$1" -D INPUT 3 && held xt_ebpf 8
}
told="iptables-ebpf: xt_ebpf $version stays loaded, as 8 rules use it. It is no longer installed for this kernel: after the \
next boot, the kernel's own xt_bpf serves such rules."

for tool in "${match_tools[@]}"; do
	check "$tool: its rules go on counting" goes_on "$tool"
	check "$tool: takes new rules too" takes_one_more "$tool"
done
check "the module cannot be unloaded under its rules" refused
check "one line says how many rules use it, and what follows" same "$(settle)" "$told"
check "and leaves it alone" held xt_ebpf 8

drop_rules
check "once no rule uses it, nothing is said" same "$(settle)" ''
check "but it is unloaded" references_are xt_ebpf none
check "the next rule gets the kernel's own match" two_rules iptables-legacy
check "which holds it" held xt_bpf 2
ktap_end
