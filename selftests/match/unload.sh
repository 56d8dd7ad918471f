#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module under its rules: it cannot be taken from them, and comes and goes a hundred times under traffic.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

ktap_plan 6

legacy_interface
make_pair
pin match_all all

refused()
{
	local said
	said=$(rmmod xt_ebpf 2>&1) && { echo "it was unloaded"; return 1; }
	[[ $said == *'in use'* ]] || { echo "$said"; return 1; }
}

# A rule holds it and goes on counting; the rule gone, it goes.
stays_under_a_rule()
{
	drop_rules
	load_ours && in_right "$1" -A INPUT -p udp -m bpf --object-pinned "$pin_dir/all" && held xt_ebpf 1 || return 1
	refused && datagrams 3 "$(peer_of "$1")" 1000 && same "$(counts "$1")" "filter INPUT 3" || return 1
	in_right "$1" -F && held xt_ebpf 0 && rmmod xt_ebpf
}

for tool in "${match_tools[@]}"; do
	check "$tool: a rule keeps the module, and lets go of it" stays_under_a_rule "$tool"
done

module=$(modinfo -n xt_ebpf)
keep_sending -i 2000 -c 0 192.0.2.2 1000
keep_sending -i 2000 -c 1 192.0.2.2 1000

# In each round a rule judges packets; the module goes while the next ones arrive.
a_hundred_rounds()
{
	local i
	for ((i = 0; i < 100; i++)); do
		insmod "$module" || { echo "round $i: it does not load"; return 1; }
		in_right bin/xt_rule -w raw 0 "path=$pin_dir/all" -- "code=$code_all" ||
			{ echo "round $i: nothing matched"; return 1; }
		rmmod xt_ebpf || { echo "round $i: it does not unload"; return 1; }
	done
}
drop_rules
unload_both
check "a hundred times loaded, used and unloaded under traffic" a_hundred_rounds
stop_sending
check "and still there for the next rule" stays_under_a_rule iptables-legacy

ktap_end
