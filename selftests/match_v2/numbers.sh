#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs, matches and nanoseconds of each rule: exact, off until they are switched on, and the rule's own through all changes
# of its table.

# shellcheck disable=SC2016 # check and eval expand it, later
cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/match_v2.sh

ktap_plan 12

legacy_interface
make_pair
load_ours || exit 1
pin match_all all
pin scribble_cb scribble
parameters=/sys/module/xt_ebpf/parameters

count() { echo "$1" >"$parameters/count"; }
time_() { echo "$1" >"$parameters/time"; }
# runs, matches: of all rules, in the order of their texts.
numbers() { control dump | sort -t= -k8 | sed -n 's/.*runs=\([0-9]*\) matches=\([0-9]*\).*/\1:\2/p' | sort | xargs; }
nanoseconds() { control dump | field nanoseconds | sort -n | xargs; }

rule legacy rev=2 "path=$pin_dir/all"
off() { hits legacy 5 >/dev/null; same "$(numbers)" "" && same "$(cat "$parameters/count" "$parameters/time" | xargs)" "N N"; }
check "nothing is counted unless it is asked for" off
on() { count 1 && hits legacy 5 >/dev/null && same "$(numbers)" 5:5; }
check "a rule that was there before counts from then on" on
# The rules that a case needs, and counting, are its own.
fresh() { drop_rules; count 1; rule legacy rev=2 "path=$pin_dir/all"; hits legacy 5 >/dev/null; }
again() { fresh && rule legacy rev=2 "path=$pin_dir/all" "handle=$(handle_of)" && hits legacy 3 >/dev/null && same "$(numbers)" 8:8; }
check "a rule that comes again goes on counting" again
kept() { fresh && count 0 && hits legacy 3 >/dev/null && same "$(numbers)" 5:5; }
check "what was counted is kept when counting is off" kept
anew() { drop_rules; count 1; rule legacy rev=2 "path=$pin_dir/all"; hits legacy 3 >/dev/null; same "$(numbers)" 3:3; }
check "a rule that is added counts from its beginning" anew
apart()
{
	drop_rules
	count 1
	rule legacy rev=2 "path=$pin_dir/scribble" -- rev=2 "code=$code_none" -- rev=2 "code=$code_none" invert
	hits legacy 7 >/dev/null
	same "$(numbers)" "7:0 7:7 7:7"
}
check "runs and matches are told apart, for whatever runs" apart
nft() { drop_rules; rule nft rev=2 "path=$pin_dir/all"; hits nft 7 >/dev/null; same "$(numbers)" 7:7; }
check "nft: from a process that can change its CPU" nft
untimed() { same "$(nanoseconds)" 0; }
check "no time is taken unless it is asked for" untimed
timed() { time_ 1; hits nft 7 >/dev/null; [ "$(nanoseconds)" -gt 0 ] && same "$(numbers)" 14:14; }
check "with time on, nanoseconds add up" timed
time_alone() { count 0; hits nft 7 >/dev/null; same "$(numbers)" 21:21; time_ 0; hits nft 7 >/dev/null; same "$(numbers)" 21:21; }
check "time alone counts too" time_alone
check_not "what is no truth value is refused" count maybe

# Two CPUs at once, on one rule.
two_cpus()
{
	local i senders=()
	drop_rules
	count 1
	rule legacy rev=2 "path=$pin_dir/all"
	for i in 0 1; do
		in_right bin/udp_send -c "$i" -n 5000 127.0.0.1 9 &
		senders+=($!)
	done
	wait "${senders[@]}"
	same "$(numbers)" 10000:10000
}
check "two CPUs at once lose nothing" two_cpus
count 0

ktap_end
