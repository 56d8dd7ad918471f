#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Rules added while the kernel lets one allocation after the other fail, wherever one is made on the way: each attempt is
# refused whole, or succeeds, and what was refused holds nothing.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

[ -e /proc/self/fail-nth ] || skip_all "this kernel has no fault injection"

ktap_plan 20

legacy_interface
make_pair
load_ours || exit 1
# All kinds of allocations, without a stack trace for each.
for kind in failslab fail_page_alloc fail_usercopy; do
	[ -d /sys/kernel/debug/$kind ] || continue
	echo 0 >/sys/kernel/debug/$kind/verbose
	[ ! -e /sys/kernel/debug/$kind/ignore-gfp-wait ] || echo N >/sys/kernel/debug/$kind/ignore-gfp-wait
	[ ! -e /sys/kernel/debug/$kind/ignore-gfp-highmem ] || echo N >/sys/kernel/debug/$kind/ignore-gfp-highmem
	[ ! -e /sys/kernel/debug/$kind/min-order ] || echo 0 >/sys/kernel/debug/$kind/min-order
done

# failed_in_turn N TEXT: at least N operations failed before it worked, as TEXT says.
failed_in_turn()
{
	[[ $2 =~ ([0-9]+)\ operations\ failed\ in\ turn ]] && [ "${BASH_REMATCH[1]}" -ge "$1" ] || {
		echo "$2"
		return 1
	}
}

# survives N COMMAND...: some attempts fail; the last one, in which nothing does, leaves N matches.
survives()
{
	local said id references=$1
	shift
	rm -f "$pin_dir/all"
	pin match_all all && id=$(program_id all) || return 1
	said=$(FAIL_NTH=1 in_right "$@" 2>&1) || { echo "$said"; return 1; }
	failed_in_turn 3 "$said" || return 1
	held xt_ebpf "$references" || return 1
	rm "$pin_dir/all"
	drop_rules
	held xt_ebpf 0 && wait_until 10 program_gone "$id"
}

# Room for the numbers of rules that are there: all of them or none, and counting stays off if there is not enough.
counted_from_now_on()
{
	local said file=/sys/module/xt_ebpf/parameters/count
	drop_rules
	in_right bin/xt_rule raw 3 rev=2 "code=$code_all" -- rev=2 "code=$code_none"
	said=$(FAIL_NTH=1 bin/param_write "$file" 1 2>&1) && failed_in_turn 2 "$said" || return 1
	in_right bin/udp_send -n 3 127.0.0.1 9
	echo 0 >"$file"
	same "$(in_right bin/ebpf_ctl dump | grep -c 'runs=3')" 2
}

# Revision 2 has more to undo: contents that are kept once, and rules that others may be copies of.
for ask in "xt_rule raw 0" "nft_rule ip 0"; do
	# shellcheck disable=SC2086 # words
	check "$ask: bytecode, revision 2" survives 1 bin/$ask rev=2 "code=$code_all"
	# shellcheck disable=SC2086 # words
	check "$ask: a pinned program, revision 2" survives 1 bin/$ask rev=2 "path=$pin_dir/all"
	# shellcheck disable=SC2086 # words
	check "$ask: four rules, revision 2" survives 4 bin/$ask rev=2 "path=$pin_dir/all" -- rev=2 "code=$code_all" -- \
		rev=2 "open=$pin_dir/all" "text=/x.o|" -- rev=2 invert "code=$code_all"
done
check "contents are stored" survives 0 bin/ebpf_ctl store bytecode "$code_all" ""
check "rules are counted" counted_from_now_on

for ask in "xt_rule raw 0" "xt_rule -6 raw 0" "nft_rule ip 0" "nft_rule inet 0"; do
	# shellcheck disable=SC2086 # words
	check "$ask: bytecode" survives 1 bin/$ask "code=$code_all"
	# shellcheck disable=SC2086 # words
	check "$ask: a pinned program" survives 1 bin/$ask "path=$pin_dir/all"
	# shellcheck disable=SC2086 # words
	check "$ask: four rules" survives 4 bin/$ask "path=$pin_dir/all" -- "code=$code_all" -- rev=0 "code=$code_all" -- "open=$pin_dir/all"
done

ktap_end
