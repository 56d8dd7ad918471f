#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the match refuses: with the very error of the in-tree match, and, unlike that, with a line in the kernel log that
# says what was wrong. A refused rule holds nothing.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh

legacy_interface
make_pair
pin match_all all
pin match_all xdp xdp
pin match_all classifier classifier
bpftool map create "$pin_dir/map" type array key 4 value 4 entries 1 name map
files=$(mktemp -d)
cleanup_push rm -rf "$files"
echo text >"$files/file"
ln -s loop "$files/loop"
long_name=$(printf '%0300d' 0)
# A program without fault but for its length.
long=65
for ((i = 1; i < 65; i++)); do long+=',0 0 0 0'; done
long+=',6 0 0 1'

# What is wrong | the words of bpf_blob.h | error | how our line in the kernel log ends (a shell pattern).
mapfile -t cases <<END
unknown mode|mode=3|EINVAL|mode 3 is unknown
unknown mode, the highest|mode=65535|EINVAL|mode 65535 is unknown
no instruction|code=0|EINVAL|bytecode of 0 instructions is not a valid classic BPF program (-EINVAL)
no instruction, revision 0|rev=0 code=0|EINVAL|bytecode of 0 instructions is not a valid classic BPF program (-EINVAL)
65 instructions|code=$long|EINVAL|bytecode of 65 instructions, at most 64 are taken
65 instructions, revision 0|rev=0 code=$long|EINVAL|bytecode of 65 instructions, at most 64 are taken
4096 instructions, revision 0|rev=0 code=4096,6 0 0 1|EINVAL|bytecode of 4096 instructions, at most 64 are taken
65535 instructions|code=65535,6 0 0 1|EINVAL|bytecode of 65535 instructions, at most 64 are taken
an instruction that does not exist|code=1,65535 0 0 0|EINVAL|bytecode of 1 instructions is not a valid classic BPF program (-EINVAL)
a jump behind the end|code=2,21 9 9 0,6 0 0 1|EINVAL|bytecode of 2 instructions is not a valid classic BPF program (-EINVAL)
no return at the end, revision 0|rev=0 code=1,0 0 0 0|EINVAL|bytecode of 1 instructions is not a valid classic BPF program (-EINVAL)
a division by zero|code=2,52 0 0 0,6 0 0 1|EINVAL|bytecode of 2 instructions is not a valid classic BPF program (-EINVAL)
a path without an end|pathfill=x|EINVAL|path of the pinned program is longer than 511 bytes
an empty path|path=|EACCES|no BPF program can be taken from  (-EACCES)
a path to nothing|path=$pin_dir/nothing|ENOENT|no BPF program can be taken from $pin_dir/nothing (-ENOENT)
a path through a file|path=$files/file/below|ENOTDIR|no BPF program can be taken from $files/file/below (-ENOTDIR)
a path in circles|path=$files/loop|ELOOP|no BPF program can be taken from $files/loop (-ELOOP)
a name that is too long|path=$files/$long_name|ENAMETOOLONG|no BPF program can be taken from $files/$long_name (-ENAMETOOLONG)
a folder|path=$pin_dir|EACCES|no BPF program can be taken from $pin_dir (-EACCES)
a file that is no BPF object|path=$files/file|EACCES|no BPF program can be taken from $files/file (-EACCES)
a map|path=$pin_dir/map|EINVAL|no BPF program can be taken from $pin_dir/map (-EINVAL)
a program of type xdp|path=$pin_dir/xdp|EINVAL|$pin_dir/xdp is a BPF program of type xdp (6), needed is socket_filter
a program of type sched_cls|path=$pin_dir/classifier|EINVAL|$pin_dir/classifier is a BPF program of type sched_cls (3), needed is socket_filter
a file descriptor of nothing|fd=-1|EBADF|file descriptor -1 is not a BPF program (-EBADF)
a file descriptor of a file|open=$files/file|EINVAL|file descriptor [0-9] is not a BPF program (-EINVAL)
a file descriptor of a map|open=$pin_dir/map|EINVAL|file descriptor [0-9] is not a BPF program (-EINVAL)
a file descriptor of type xdp|open=$pin_dir/xdp|EINVAL|file descriptor [0-9] is a BPF program of type xdp (6), needed is socket_filter
END

ktap_plan $((2 * ${#cases[@]} + 9))

# The commands that ask the kernel for a rule, without their words, and the table that they use.
declare -A ask=([legacy]='bin/xt_rule raw 0' [nft]='bin/nft_rule ip 0') table=([legacy]=raw [nft]=selftest)

# The kernel log takes ten lines of ours in five seconds; the count begins anew with the module.
log_anew() { modprobe -r xt_ebpf && modprobe xt_ebpf; }

declare -A error logged

# ask_all MODULE: every case by both interfaces; fills error and logged, each under "MODULE INTERFACE NUMBER".
ask_all()
{
	local interface i key what words want revision mark line
	mark=$(log_mark)
	for interface in legacy nft; do
		for i in "${!cases[@]}"; do
			IFS='|' read -r what words want _ <<<"${cases[i]}"
			wanted "$interface: $what: $want" || continue
			revision=rev=1
			[[ $words != rev=* ]] || { revision=${words%% *}; words=${words#* }; }
			[ "$1" = xt_bpf ] || [ $((i % 8)) != 0 ] || log_anew
			key="$1 $interface $i"
			echo "case $key" >/dev/kmsg
			# shellcheck disable=SC2086 # words
			error[$key]=$(in_right ${ask[$interface]} "$revision" "$words" 2>&1)
			logged[$key]=
		done
	done
	echo "case none" >/dev/kmsg
	while IFS= read -r line; do
		case $line in
		case\ *) key=${line#case } ;;
		xt_*) logged[$key]+=$line ;;
		esac
	done < <(in_kernel_log "$mark" | sed 's/^\[[^]]*\] //')
}

as_in_tree_but_with_a_reason()
{
	local key="$1 $2" want=$3 reason=$4
	same "in-tree: ${error[xt_bpf $key]}" "in-tree: $want" || return 1
	same "ours: ${error[xt_ebpf $key]}" "ours: $want" || return 1
	# shellcheck disable=SC2053 # a pattern on purpose
	[[ ${logged[xt_ebpf $key]} == "xt_ebpf: table ${table[$1]}: rule refused: "$reason ]] || {
		printf 'logged: %s\nwant: %s\n' "${logged[xt_ebpf $key]}" "$reason"
		return 1
	}
}

# All that the in-tree match ever says.
in_tree_gives_no_reason()
{
	local key
	for key in "${!logged[@]}"; do
		[[ $key == xt_ebpf* || ${logged[$key]} =~ ^(xt_bpf: check failed: parse error)?$ ]] || {
			echo "$key: ${logged[$key]}"
			return 1
		}
	done
}

load_stock || echo '# the in-tree match could not be put in place'
ask_all xt_bpf
for tool in "${match_tools[@]}"; do
	error[xt_bpf $tool]=$(in_right "$tool" -A INPUT -m bpf --object-pinned "$pin_dir/xdp" 2>&1; echo "status $?")
done
load_ours || echo '# our match could not be put in place'
ask_all xt_ebpf

for interface in legacy nft; do
	for i in "${!cases[@]}"; do
		IFS='|' read -r what _ want reason <<<"${cases[i]}"
		check "$interface: $what: $want" as_in_tree_but_with_a_reason $interface "$i" "$want" "$reason"
	done
done
check "the in-tree match gives no reason" in_tree_gives_no_reason
check "no refused rule holds the module" held xt_ebpf 0

same_words() { same "$(in_right "$1" -A INPUT -m bpf --object-pinned "$pin_dir/xdp" 2>&1; echo "status $?")" "${error[xt_bpf $1]}"; }
for tool in "${match_tools[@]}"; do
	check "$tool ends and speaks as with the in-tree match" same_words "$tool"
done

# Sixty rules in one batch: nf_tables looks at all of them before it refuses all.
refused_lines() { in_kernel_log "$1" | grep -c 'xt_ebpf: .*rule refused'; }
many=(mode=9)
for ((i = 1; i < 60; i++)); do many+=(-- mode=9); done

ten_lines()
{
	local mark
	log_anew
	mark=$(log_mark)
	same "$(in_right bin/nft_rule ip 0 "${many[@]}")" EINVAL && same "$(refused_lines "$mark")" 10
}
check "sixty refusals at once put ten lines into the log" ten_lines

another_line()
{
	in_right bin/nft_rule ip 0 mode=8
	in_kernel_log "$mark" | grep -q 'mode 8 is unknown'
}
mark=$(log_mark)
check "later refusals are logged again" wait_until 15 another_line

# What a user of a network namespace chooses cannot pass for a line of the kernel's own.
one_line()
{
	local mark
	log_anew
	mark=$(log_mark)
	in_right bin/nft_rule ip 0 path=$'/nothing\nxt_ebpf: all is well'
	in_right bin/nft_rule -t $'table\nxt_ebpf: all is well' ip 0 mode=3
	! in_kernel_log "$mark" | grep '^\(\[[^]]*\]\)\? *xt_ebpf: all is well' && same "$(refused_lines "$mark")" 2
}
check "line ends in names and paths stay inside the line" one_line

ktap_end
