#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which packets a rule counts and what becomes of them: bytecode and pinned programs, hits and misses, IPv4 and IPv6,
# legacy and nft. The same rules and packets go through the in-tree match first.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

ktap_plan 12

make_pair
pin match_all all
pin match_none none
pin udp_1000 udp_1000

# rules TOOL: what the rules count of 5 datagrams to port 1000 and 3 to port 2000 stands in $expected.
rules()
{
	local code
	code=$(udp_code "$1" 1000)
	cat <<-END
		*filter
		-A INPUT -p udp -m bpf --bytecode "$code"
		-A INPUT -p udp -m bpf --bytecode "$code_none"
		-A INPUT -p udp -m bpf --bytecode "$code_all"
		-A INPUT -p udp -m bpf --object-pinned $pin_dir/all
		-A INPUT -p udp -m bpf --object-pinned $pin_dir/none
		-A INPUT -p udp -m bpf --object-pinned $pin_dir/udp_1000
		-A INPUT -p udp -m bpf --object-pinned $pin_dir/all -m bpf --bytecode "$code_none"
		-A INPUT -p udp -m bpf --object-pinned $pin_dir/udp_1000 -m bpf --bytecode "$code_all"
		-A INPUT -p udp -m bpf --object-pinned $pin_dir/udp_1000 -j DROP
		-A INPUT -p udp
		COMMIT
	END
}
expected='5 0 8 8 0 5 0 5 5 3'
# In ten rules, two of which have two and one none.
matches=11

all_arrived() { [[ $(counts "$1" | sed -n '3s/.* //p') == 8 ]]; }

judged_by()
{
	rules "$1" | in_right "$1-restore" || return 1
	datagrams 5 "$(peer_of "$1")" 1000
	datagrams 3 "$(peer_of "$1")" 2000
	wait_until 3 all_arrived "$1" || { counts "$1"; return 1; }
	counts "$1" | awk '{ print $3 }' | xargs
}

as_in_tree_and_expected()
{
	local both
	both=$(on_both judged_by "$1") || { echo "$both"; return 1; }
	same "$both" "$expected"
}

# With ours loaded, each match of the ruleset holds our module and none holds the other.
holds_ours()
{
	load_ours || return 1
	modprobe xt_bpf || return 1
	rules "$1" | in_right "$1-restore" || return 1
	held xt_ebpf "$matches" && held xt_bpf 0
}

# The in-tree match cannot be inverted, so the extension must not make a plain one of it.
inversion_refused()
{
	local form said status=0
	load_stock || return 1
	for form in "--bytecode 1,6,0,0,1" "--object-pinned $pin_dir/all"; do
		# shellcheck disable=SC2086 # words
		said=$(in_right "$1" -A INPUT -m bpf ! $form 2>&1) || status=$?
		[ "$status" = 2 ] && [[ $said == *'cannot be inverted'* ]] || { echo "$status: $said"; return 1; }
	done
	held xt_bpf 0
}

for tool in "${match_tools[@]}"; do
	check "$tool: packets are matched and dropped as by the in-tree match" as_in_tree_and_expected "$tool"
	check "$tool: every match of the rules is ours, though both are loaded" holds_ours "$tool"
	drop_rules
	check "$tool: an inverted match is refused where the kernel has none" inversion_refused "$tool"
done

ktap_end
