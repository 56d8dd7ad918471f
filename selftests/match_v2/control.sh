#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The generic netlink family: what is stored is held as long as it must, rules are found, programs are exchanged; each error
# says what was wrong; nobody reaches beyond his network namespace.

# shellcheck disable=SC2016 # check and eval expand it, later
cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/match_v2.sh

ktap_plan 29

legacy_interface
make_pair
load_ours || exit 1
pin match_all all
pin match_none none
pin match_all xdp xdp
all=$(program_id all) none=$(program_id none)
long=4096$(printf ',0 0 0 7%.0s' {1..4095}),6\ 0\ 0\ 1
longer=4097$(printf ',0 0 0 7%.0s' {1..4096}),6\ 0\ 0\ 1

refused() { says "$1" control "${@:2}" && check_status "${@:2}"; }
check_status() { ! control "$@" >/dev/null; }

# Contents.
before=$(programs)
same_number() { same "$(control store bytecode "$code_all" "" bin/ebpf_ctl store bytecode "$code_all" "" | uniq | wc -l)" 1; }
check "the same contents have the same number" same_number
let_go() { control store bytecode "$code_all" "" >/dev/null; wait_until 5 eval '[ $(programs) = $before ]'; }
check "and go with the last socket that stored them" let_go
check "also where another socket takes over its port meanwhile" eval "in_right bin/store_race 3000 && let_go"
# shellcheck disable=SC2016 # the inner shell expands it
in_rule='c=$(bin/ebpf_ctl store bytecode "$0" "" sleep 0)
	bin/ebpf_ctl store bytecode "$0" "" bin/xt_rule raw 3 rev=2 source=bytecode insns=${0%%,*} content=$c'
kept() { in_right bash -c "$in_rule" "$long" >/dev/null && let_go_not && same "$(hits legacy 3)" 3; }
let_go_not() { same "$(($(programs) - before))" 1; }
check "4096 instructions are stored, and kept by their rule" kept
insns() { same "$(control get "$(handle_of)" | field insns)" 4096; }
check "which gives them back" insns
# shellcheck disable=SC2016 # the inner shell expands it
stale() { same "$(in_right bash -c 'c=$(bin/ebpf_ctl store bytecode "2,0 0 0 1,6 0 0 1" ""); bin/xt_rule mangle 3 rev=2 source=bytecode insns=2 content=$c')" ESTALE; }
check "contents that nobody holds any more are unknown to a rule" stale
elsewhere() { same "$(control store bytecode "$code_none" "" bash -c 'read -r c; bin/xt_rule raw 3 rev=2 source=bytecode insns=1 content=$c' \
	<<<"$(in_left bin/ebpf_ctl store bytecode "$code_none" "")" | tail -n 1)" ESTALE; }
check "those of another namespace too" elsewhere
check "one instruction more: refused" refused "E" store bytecode "$longer" ""
check "invalid bytecode: refused" refused "EINVAL this is not a valid classic BPF program" store bytecode "1,0 0 0 0" ""
check "bytecode without instructions: refused" refused "EINVAL instructions are missing" store bytecode "" ""
check "a path that is not absolute: refused" refused "EINVAL the path is not absolute" store pinned "" "x"
check "an unknown source: refused" refused "EINVAL the source is none of" store 7 "" "/x"

# Finding rules.
drop_rules
rule legacy rev=2 "path=$pin_dir/all" -- rev=2 "path=$pin_dir/none" -- rev=2 "code=$code_all"
check "a dump has every rule" eval 'same "$(control dump | wc -l)" 3'
check "or those that run a program" eval 'same "$(control dump $all | field text)" "$pin_dir/all"'
by_blob() { same "$(control get raw 2 rev=2 "path=$pin_dir/none" | field prog_id)" "$none"; }
check "a rule is found by what the user wrote" by_blob
check "not in another table" refused ENOENT get mangle 2 rev=2 "path=$pin_dir/none"
check "not in one of nf_tables with its name" refused ENOENT get nft:raw 2 rev=2 "path=$pin_dir/none"
check "not in another family" refused ENOENT get raw 10 rev=2 "path=$pin_dir/none"
check "not from another namespace" eval 'same "$(in_left bin/ebpf_ctl dump)" "" && same "$(in_left bin/ebpf_ctl get $(handle_of | head -n1))" ENOENT'
check "a handle of nothing: refused" refused ENOENT get 1
misfit() { refused "EINVAL no rule can be like this" get raw 2 rev=2 "code=$code_all" insns=700; }
check "a blob that no rule can have: refused" misfit

# Exchange.
check "a program is exchanged behind its rules" eval 'same "$(control swap $all $pin_dir/none)" 1 && same "$(hits legacy 3)" "0 0 3"'
check "the rule tells so" eval 'same "$(control dump $none | wc -l)" 2'
again() { rule legacy rev=2 "path=$pin_dir/all" "handle=$(control get raw 2 rev=2 "path=$pin_dir/all" | field handle)" && same "$(hits legacy 3)" 0; }
check "and keeps it when it comes again" again
check "a program that no rule runs: refused" refused "ENOENT no rule of revision 2" swap "$all" "$pin_dir/none"
check "a program of another type: refused" refused "EINVAL the new program is not of the type" swap "$none" "$pin_dir/xdp"
check "the program itself: refused" refused "EALREADY the two programs are one" swap "$none" "$pin_dir/none"
check "from another namespace: refused" eval 'says "ENOENT no rule" in_left bin/ebpf_ctl swap $none $pin_dir/all'
freed() { drop_rules; rm "$pin_dir/all" "$pin_dir/none"; wait_until 10 program_gone "$all" && wait_until 10 program_gone "$none"; }
check "programs that were exchanged are let go" freed

ktap_end
