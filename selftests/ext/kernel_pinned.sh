#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Rules with pinned programs, beside the stock extension: which of them -C and -D find, how many a restore may have, and
# which paths survive a save and restore.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

rules() { "$1" -S OUTPUT | grep -c '^-A'; }

# ruleset N: N rules with pinned programs, for a restore.
ruleset()
{
	local i
	printf '%s\n' '*filter' ':OUTPUT ACCEPT [0:0]'
	for ((i = 0; i < $1; i++)); do
		echo "-A OUTPUT -m bpf --object-pinned $pin_dir/all -m comment --comment $i"
	done
	echo COMMIT
}

# found_after_restore EXTENSION N TOOL: restores N rules and deletes each by its words; prints how many were found.
found_after_restore()
{
	local i found=0
	"$1" "$3-restore" < <(ruleset "$2") || return
	for ((i = 0; i < $2; i++)); do
		"$1" "$3" -D OUTPUT -m bpf --object-pinned "$pin_dir/all" -m comment --comment $i 2>/dev/null &&
			found=$((found + 1))
	done
	echo $found
}

restored_rules_are_found() { same "$(found_after_restore ours 3 "$1")" 3; }
stock_loses_restored_rules()
{
	local want=0
	# The first of them has the number that iptables-nft gives to a rule of its own.
	[[ $1 != *-nft ]] || want=1
	same "$(found_after_restore stock 3 "$1")" $want
}

# added_then_deleted EXTENSION TOOL: added as usual, deleted by a process that has more files open.
added_then_deleted()
{
	local words=(OUTPUT -m bpf --object-pinned "$pin_dir/all")
	"$1" "$2" -A "${words[@]}" && "$1" "$2" -D "${words[@]}" 3</dev/null 4</dev/null 5</dev/null 2>/dev/null
}
stock_needs_the_same_files() { ! added_then_deleted stock "$1"; }

# across FIRST SECOND TOOL: a rule that one extension added, listed, checked and deleted by the other.
across()
{
	local words=(OUTPUT -m bpf --object-pinned "$pin_dir/all" -j ACCEPT)
	"$1" "$3" -A "${words[@]}" &&
		says "-A ${words[*]}" "$2" "$3" -S OUTPUT &&
		"$2" "$3" -C "${words[@]}" &&
		"$2" "$3" -D "${words[@]}" &&
		same "$(rules "$3")" 0
}

# with_few_files EXTENSION TOOL: 200 rules by a process that may have 64 files open.
with_few_files()
{
	(ulimit -n 64 && "$1" "$2-restore" < <(ruleset 200)) && same "$(rules "$2")" 200
}
stock_runs_out_of_files()
{
	! with_few_files stock "$1" && same "$(rules "$1")" 0
}

# survives EXTENSION PATH TOOL: a rule with a program at PATH, saved and restored, is the same.
survives()
{
	local before
	"$1" "$3" -A OUTPUT -m bpf --object-pinned "$2" || return
	before=$("$1" "$3-save" -t filter | grep '^-A')
	"$1" "$3-restore" < <("$1" "$3-save" -t filter) && same "$("$1" "$3-save" -t filter | grep '^-A')" "$before"
}
stock_cannot_restore() { ! survives stock "$@"; }

ours_1() { IPTABLES_EBPF_REVISION=1 ours "$@"; }

relative_is_absolute()
{
	(cd "$pin_dir" && ours "$1" -A OUTPUT -m bpf --object-pinned ./all) &&
		says "--object-pinned $pin_dir/./all" "$1" -S OUTPUT &&
		# iptables-legacy looks at the path again, from another folder.
		ours "$1" -A OUTPUT -m bpf --bytecode '1,6 0 0 1'
}

stock_keeps_it_relative()
{
	(cd "$pin_dir" && stock "$1" -A OUTPUT -m bpf --object-pinned ./all) || return
	says '--object-pinned ./all' stock "$1" -S OUTPUT || return
	[[ $1 != *-legacy ]] || ! stock "$1" -A OUTPUT -m bpf --bytecode '1,6 0 0 1' 2>/dev/null
}

long_path_is_kept()
{
	ours "$1" -A OUTPUT -m bpf --object-pinned "$long" && says "--object-pinned $long" ours "$1" -S OUTPUT
}

# There is a program at the path as it is cut, too.
stock_takes_another_program()
{
	stock "$1" -A OUTPUT -m bpf --object-pinned "$long" && same "${long:0:511}" "$longest" &&
		says "--object-pinned $longest" stock "$1" -S OUTPUT
}

longest_path_is_kept()
{
	ours "$1" -A OUTPUT -m bpf --object-pinned "$longest" && says "--object-pinned $longest" ours "$1" -S OUTPUT
}

missing_is_refused()
{
	refused 2 'No such file or directory; pin one by bpftool' \
		ours "$1" -A OUTPUT -m bpf --object-pinned "$pin_dir/missing"
}

folder_is_refused()
{
	refused 2 'Permission denied; it must be a pinned program' ours "$1" -A OUTPUT -m bpf --object-pinned "$pin_dir"
}

# A pin of another kind is the kernel's to refuse: it knows what the match can run.
map_is_left_to_the_kernel()
{
	local status=0
	ours "$1" -A OUTPUT -m bpf --object-pinned "$pin_dir/map" 2>/dev/null || status=$?
	[ $status = 1 ] || [ $status = 4 ] || { echo "ended with $status"; return 1; }
}

in_own_namespaces "$@"
find_extensions
have_revision_2 || skip_all "the kernel's match has no revision 2"
pin_dir=/sys/fs/bpf/pinned
ktap_plan 18
mkdir $pin_dir
pin_at $pin_dir/all
pin_at "$pin_dir/two words"
bpftool map create $pin_dir/map type array key 4 value 4 entries 1 name selftest

# Two programs whose paths have 511 and 541 bytes, the first 511 the same.
printf -v part '%0150d' 0
folder=$pin_dir/$part/$part/$part
mkdir -p "$folder"
printf -v longest '%s/%0*d' "$folder" $((511 - ${#folder} - 1)) 0
printf -v long '%s/%0*d' "$folder" $((541 - ${#folder} - 1)) 1
pin_at "$longest"
pin_at "$long"

check "rules that were restored are deleted by what was written" each restored_rules_are_found
check "the stock extension does not find them" each stock_loses_restored_rules
check "a rule is found whatever files a process has open" each added_then_deleted ours
check "the stock extension needs the same files open" each stock_needs_the_same_files
check "rules that the stock extension added are shown and found" each across stock ours
check "rules of revision 1 that this extension added are shown and found by the stock one" each across ours_1 stock
check "200 rules are restored with 64 files" each with_few_files ours
check "the stock extension runs out of files" each stock_runs_out_of_files
check "a path with a space survives a save and restore" each survives ours "$pin_dir/two words"
check "with the stock extension it does not" each stock_cannot_restore "$pin_dir/two words"
check "a relative path is made absolute" each relative_is_absolute
check "left relative, as by the stock extension, it blocks every later change of a legacy table" \
	each stock_keeps_it_relative
check "a path of 541 bytes is kept as it is" each long_path_is_kept
check "the stock extension cuts it and takes another program" each stock_takes_another_program
check "so is one of 511 bytes" each longest_path_is_kept
check "a missing pin is named before the kernel is asked" each missing_is_refused
check "so is a folder" each folder_is_refused
check "a pinned map is refused by the kernel" each map_is_left_to_the_kernel
ktap_end
