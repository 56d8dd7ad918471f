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
