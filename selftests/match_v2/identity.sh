#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a rule means: the program that it was added with, for as long as it lives, in its own table and namespace.

# shellcheck disable=SC2016 # check and eval expand it, later
cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/match_v2.sh

ktap_plan 19

legacy_interface
make_pair
load_ours || exit 1
other=${right/right/other}
ip netns add "$other"
cleanup_push ip netns del "$other"

# pinned OBJECT: the program that is pinned at $path from now on.
path=$pin_dir/program
pinned() { rm -f "$path"; pin "$1" program; }

# The difference: the in-tree revision looks at the path again when iptables-legacy changes anything in the table.
old_revision()
{
	pinned match_all && rule legacy "path=$path" && same "$(hits legacy 3)" 3 || return 1
	pinned match_none && rule legacy "path=$path" && same "$(hits legacy 3)" 0
}
check "revision 1: a rule that comes again runs what is pinned by then" old_revision

# again INTERFACE: the rule as iptables hands it in again, by the handle that the kernel gave it.
again() { rule "$1" rev=2 "path=$path" "handle=$(handle_of)"; }

keeps_its_program()
{
	drop_rules
	pinned match_all && rule "$1" rev=2 "path=$path" && same "$(hits "$1" 3)" 3 || return 1
	pinned match_none && again "$1" && same "$(hits "$1" 3)" "${2:-3}"
}

outlives_its_pin()
{
	drop_rules
	pinned match_all && rule "$1" rev=2 "path=$path" && rm "$path" && again "$1" || return 1
	same "$(hits "$1" 3)" "${2:-3}"
}

takes_what_is_pinned()
{
	drop_rules
	pinned match_all && rule "$1" rev=2 "path=$path" && pinned match_none || return 1
	drop_rules
	rule "$1" rev=2 "path=$path" && same "$(hits "$1" 3)" 0
}

# In nftables the copy stands behind the first.
for interface in legacy legacy6; do
	check "$interface: a rule that comes again keeps its program" keeps_its_program $interface
	check "$interface: a rule outlives its pin" outlives_its_pin $interface
	check "$interface: a rule that is added takes what is pinned now" takes_what_is_pinned $interface
done
check "nft: a rule that comes again keeps its program" keeps_its_program nft "3 3"
check "nft: a rule outlives its pin" outlives_its_pin nft "3 3"
check "nft: a rule that is added takes what is pinned now" takes_what_is_pinned nft

# One rule with a known handle, and others that claim to be it. ESTALE, never what the path says.
drop_rules
pinned match_all
rule legacy rev=2 "path=$path" && handle=$(handle_of)
mark=$(log_mark)
stale() { same "$("$@" 2>&1)" ESTALE; }
check "made up" stale rule legacy rev=2 "path=$path" handle=1
check "of a rule with other words" stale rule legacy rev=2 "path=$path/" "handle=$handle"
check "of a rule without the !" stale rule legacy rev=2 "path=$path" invert "handle=$handle"
check "of another table" eval 'table=mangle stale rule legacy rev=2 "path=$path" "handle=$handle"'
check "of another family" stale rule legacy6 rev=2 "path=$path" "handle=$handle"
check "of another back end" eval 'table=raw stale rule nft rev=2 "path=$path" "handle=$handle"'
check "of another network namespace" stale in_netns "$other" bin/xt_rule raw 3 rev=2 "path=$path" "handle=$handle"
check "each is told to the log" eval 'same "$(in_kernel_log $mark | grep -c "rule refused: no such rule lives in this table")" 7'
check "and the rule itself goes on" eval 'again legacy && same "$(hits legacy 3)" 3 && held xt_ebpf 1'

ktap_end
