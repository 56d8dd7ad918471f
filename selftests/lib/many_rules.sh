# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Tens of thousands of rules with one pinned program, by one back end. Source after ktap.sh and ext.sh.

# Each rule takes longer on a slow kernel.
many_work=$(mktemp -d)
many=$((20000 / ${TEST_SLOWNESS:-1})) singly=50 at_once=5

# many_lines COMMAND FIRST LAST: lines for iptables-restore, which a comment tells apart.
many_lines()
{
	echo '*filter'
	awk -v c="$1" -v first="$2" -v last="$3" 'BEGIN {
		for (i = first; i <= last; i++)
			print c " OUTPUT -m bpf --object-pinned /sys/fs/bpf/all -m comment --comment " i
	}'
	echo COMMIT
}

many_rules() { ours "$1-save" -t filter | grep -c '^-A'; }

many_restored()
{
	many_lines -A 1 $((many + singly)) | ours "$1-restore" && same "$(many_rules "$1")" $((many + singly))
}

many_same_after_restore()
{
	local before=$many_work/before after=$many_work/after
	ours "$1-save" -t filter | grep '^[-:*]' >"$before" && { cat "$before" && echo COMMIT; } | ours "$1-restore" &&
		ours "$1-save" -t filter | grep '^[-:*]' >"$after" && cmp "$before" "$after"
}

many_share_a_program()
{
	same "$(bpftool -j prog show | jq '[.[] | select(.name == "match_all")] | length')" 1
}

# many_deleted TOOL FIRST LAST: one by one.
many_deleted()
{
	local i
	for ((i = $2; i <= $3; i++)); do
		ours "$1" -D OUTPUT -m bpf --object-pinned /sys/fs/bpf/all -m comment --comment $i || return
	done
}

many_deleted_by_restore()
{
	many_lines -D $((at_once + 1)) $((at_once + many)) | ours "$1-restore" --noflush &&
		same "$(many_rules "$1")" $((singly - at_once))
}

# many_rules_by TOOL: all of it. A script for each tool calls it, so that each has a limit of its own.
many_rules_by()
{
	cleanup_push rm -rf "$many_work"
	pin_at /sys/fs/bpf/all
	check "$((many + singly)) rules are restored" many_restored "$1"
	check "they have one program" many_share_a_program
	check "saved, restored and saved again they are the same" many_same_after_restore "$1"
	check "$at_once are deleted one by one, by what was written" many_deleted "$1" 1 $at_once
	check "$many are deleted by lines of a restore" many_deleted_by_restore "$1"
	check "the rest is deleted one by one" many_deleted "$1" $((at_once + many + 1)) $((many + singly))
	check "nothing is left" same "$(ours "$1" -S OUTPUT)" '-P OUTPUT ACCEPT'
}
