#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Another version of the module is installed: under rules the loaded one goes on, without rules the new one takes its place.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/packaging.sh

ktap_plan 16

make_pair
pin udp_1000 udp_1000
cp "$module_file" /tmp/xt_ebpf.ko.before
put_back()
{
	cp /tmp/xt_ebpf.ko.before "$module_file"
	depmod
}
cleanup_push put_back
before=$(file_version)

# A new number with each load.
loaded_instance() { stat -c %i /sys/module/xt_ebpf; }
is_loaded_version() { same "$(loaded_version)" "$1"; }
is_same_instance() { same "$(loaded_instance)" "$instance"; }
counts_and_holds() { two_rules_count "$1" 3 && held xt_ebpf "$2"; }

drop_rules
load_ours
instance=$(loaded_instance)
check "with what is loaded still installed, nothing is said" same "$(settle)" ''
check "and nothing is done" is_same_instance

for tool in "${match_tools[@]}"; do two_rules "$tool"; done
later_version "$module_file"
after=$(file_version)
check "another version is installed" test "$after" != "$before"
check "one line says what stays, what is installed, and how to change" same "$(settle)" "iptables-ebpf: xt_ebpf $before stays \
loaded, as 8 rules use it. Version $after takes over at the next boot, or by \"rmmod xt_ebpf && modprobe xt_ebpf\" once \
nothing uses it."
check "the loaded one was not touched" is_same_instance
for tool in "${match_tools[@]}"; do
	check "$tool: its rules go on counting" counts_and_holds "$tool" 8
done

drop_rules
check "without rules, nothing is said" same "$(settle)" ''
check "and the new one is loaded" is_loaded_version "$after"
two_rules iptables-legacy
check "rules get it" counts_and_holds iptables-legacy 2
drop_rules
rmmod xt_ebpf
modprobe xt_bpf --ignore-install
check "where none was loaded, nothing is said" same "$(settle)" ''
check "and it is loaded, though xt_bpf was there first" is_loaded_version "$after"

rmmod xt_ebpf
echo 'no module' >"$module_file"
check "one that the kernel refuses is reported" says "is installed but cannot be loaded" settle
check "and rules get the kernel's own match" two_rules iptables-legacy
ktap_end
