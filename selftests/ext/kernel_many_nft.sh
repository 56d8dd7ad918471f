#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tens of thousands of rules with a pinned program, by iptables-nft: restored, saved, deleted by specification.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/many_rules.sh

in_own_namespaces "$@"
find_extensions
have_revision_2 || skip_all "the kernel's match has no revision 2"
cleanup_push rm -rf "$many_work"
pin_at /sys/fs/bpf/all

ktap_plan 7
check "$((many + singly)) rules are restored" many_restored iptables-nft
check "they have one program" many_share_a_program
check "saved, restored and saved again they are the same" many_same_after_restore iptables-nft
check "$at_once are deleted one by one, by what was written" many_deleted iptables-nft 1 $at_once
check "$many are deleted by lines of a restore" many_deleted_by_restore iptables-nft
check "the rest is deleted one by one" many_deleted iptables-nft $((at_once + many + 1)) $((many + singly))
check "nothing is left" same "$(ours iptables-nft -S OUTPUT)" '-P OUTPUT ACCEPT'
ktap_end
