#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same program, once: equal bytecode is compiled once in a namespace, and a rule that comes again not at all.

# shellcheck disable=SC2016 # check and eval expand it, later
cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/match_v2.sh

ktap_plan 7

legacy_interface
make_pair
load_ours || exit 1

# many N WORD...: N rules with the same words.
many()
{
	local n=$1 i words=()
	shift
	for ((i = 0; i < n; i++)); do words+=(-- "$@"); done
	rule legacy "${words[@]:1}"
}

# The difference: revision 1 makes a program for each rule, and all of them again with each change.
before=$(programs)
old_revision() { many 20 "code=$code_all" && same "$(($(programs) - before))" 20; }
check "revision 1: twenty rules are twenty programs" old_revision
drop_rules

wait_until 5 eval '[ $(programs) = $before ]' >/dev/null
one_program() { many 40 rev=2 "code=$code_all" && same "$(($(programs) - before))" 1 && held xt_ebpf 40; }
check "forty rules with the same bytecode are one program" one_program
check "which all of them run" eval 'same "$(hits legacy 2)" "$(printf "2 %.0s" {1..40} | xargs)"'
two_programs()
{
	rule legacy rev=2 "code=$code_all" -- rev=2 "code=$code_none" -- rev=2 "code=$code_all" invert &&
		same "$(($(programs) - before))" 2 && same "$(hits legacy 3)" "3 0 0"
}
check "other bytecode is another program, ! is not" two_programs
two_texts()
{
	rule legacy rev=2 source=expression "code=$code_all" source=expression text=ip -- \
		rev=2 "code=$code_all" source=expression text=ip6 && same "$(control dump | field text | sort | xargs)" "ip ip6"
}
check "expressions with the same code keep their texts apart" two_texts
no_program() { drop_rules; wait_until 5 eval '[ $(programs) = $before ]'; }
check "the program goes with the last rule" no_program
both_interfaces() { rule legacy rev=2 "code=$code_all" && rule nft rev=2 "code=$code_all" && same "$(($(programs) - before))" 1; }
check "legacy and nft rules of a namespace share it too" both_interfaces

ktap_end
