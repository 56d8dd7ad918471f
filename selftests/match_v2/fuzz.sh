#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Damaged blobs: taken or refused, and nothing of them is left. What else they may do shows in the kernel log, which fails
# the run, above all on the debug kernel.

# shellcheck disable=SC2016 # check and eval expand it, later
cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/match_v2.sh

ktap_plan 4

legacy_interface
make_pair
load_ours || exit 1
pin match_all all
id=$(program_id all)
before=$(programs)

# fuzzed SEED: both kinds came up.
fuzzed()
{
	local said taken refused
	said=$(in_right bin/blob_fuzz "$1" 3000 "$pin_dir/all") || { echo "seed $1: $said"; return 1; }
	read -r taken _ refused _ <<<"$said"
	[ "$taken" -gt 300 ] && [ "$refused" -gt 300 ] || { echo "seed $1: $said"; return 1; }
}
check "the same damage each time" fuzzed 1
# Told in the output, so that it can be repeated.
seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
echo "# seed $seed"
check "other damage each time" fuzzed "$seed"
gone() { drop_rules && held xt_ebpf 0 && same "$(control dump)" "" && wait_until 10 eval '[ $(programs) -le $before ]'; }
check "no rule and no program of theirs is left" gone
freed() { rm "$pin_dir/all" && wait_until 10 program_gone "$id"; }
check "nor a reference to the pinned one" freed

ktap_end
