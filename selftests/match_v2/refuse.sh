#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Blobs of revision 2 that no iptables makes, and programs that a rule cannot run: each is refused, by both interfaces,
# with its reason in the kernel log, and holds nothing.

# shellcheck disable=SC2016 # check and eval expand it, later
cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/match_v2.sh

legacy_interface
make_pair
load_ours || exit 1
pin match_all all
pin match_all xdp xdp
pin match_all classifier classifier
pin count_per_cpu counting
map=$(echo "$pin_dir"/counting-maps/*)
full=62$(printf ',6 0 0 1%.0s' {1..62})

# What it is | its words | the error | the reason in the log
mapfile -t cases <<END
an unknown source|source=4 code=$code_all source=4|EINVAL|the source is none of bytecode, pinned, expression, object
a mode of revision 1|source=2|EINVAL|the source is none of bytecode, pinned, expression, object
an unknown flag|code=$code_all flags=4|EINVAL|it has a flag that is unknown
a reserved field|code=$code_all reserved=1|EINVAL|it has a flag that is unknown
no instructions|source=bytecode|EINVAL|instructions are missing, or are there where none belong
a path with instructions|code=$code_all source=pinned|EINVAL|instructions are missing, or are there where none belong
bytecode with a text|code=$code_all text=ip|EINVAL|the text is missing, or is there where none belongs
an expression without a text|code=$code_all source=expression|EINVAL|the text is missing, or is there where none belongs
a path without a text|source=pinned|EINVAL|the text is missing, or is there where none belongs
more instructions than there is room|code=$full insns=63|EINVAL|it says to be longer than it is
as many as a number can say|code=$full insns=65535|EINVAL|it says to be longer than it is
a text longer than there is room|path=/x len=496|EINVAL|it says to be longer than it is
a text of the longest length|path=/x len=65535|EINVAL|it says to be longer than it is
a text longer than it says|path=/sys/fs/bpf len=3|EINVAL|something follows its contents
a byte behind all|path=/x byte=495:1|EINVAL|something follows its contents
a byte behind the number of stored contents|content=5 source=bytecode insns=1 byte=8:1|EINVAL|something follows its contents
a text with a zero byte in it|path=/x|y|EINVAL|the text has a zero byte in it
a path that is not absolute|path=x|EINVAL|the path is not absolute, or too long
an object without a program's name|source=object text=/x|EINVAL|an object is two texts with a zero byte in between
an object with three texts|source=object text=/x|y|z|EINVAL|an object is two texts with a zero byte in between
an object of no path|source=object text=x||EINVAL|the path is not absolute, or too long
contents that were never stored|content=5 source=bytecode insns=1|ESTALE|its contents were not stored before
bytecode without a return|code=1,0 0 0 0|EINVAL|bytecode of 1 instructions is not a valid classic BPF program
a division by zero|code=2,52 0 0 0,6 0 0 1|EINVAL|bytecode of 2 instructions is not a valid classic BPF program
a path to nothing|path=$pin_dir/nothing|ENOENT|no BPF program can be taken from $pin_dir/nothing
a folder|path=$pin_dir|EACCES|no BPF program can be taken from $pin_dir
a map|path=$map|EINVAL|no BPF program can be taken from $map
a program of type xdp|path=$pin_dir/xdp|EINVAL|$pin_dir/xdp is a BPF program of type xdp (6), needed is socket_filter
a program of type sched_cls|path=$pin_dir/classifier|EINVAL|is a BPF program of type sched_cls (3), needed is socket_filter
an object's program of type xdp|open=$pin_dir/xdp text=/x||EINVAL|is a BPF program of type xdp (6), needed is socket_filter
an object that could not be loaded|fd=-1 text=/x||EBADF|file descriptor -1 is not a BPF program
a descriptor of a map|open=$map text=/x||EINVAL|is not a BPF program
END

ktap_plan $((2 * ${#cases[@]} + 3))

# The log takes ten lines of ours in five seconds; the count begins anew with the module.
log_anew() { modprobe -r xt_ebpf && modprobe xt_ebpf; }

# refused INTERFACE ERROR REASON WORD...
refused()
{
	local interface=$1 error=$2 reason=$3 mark
	shift 3
	mark=$(log_mark)
	same "$(rule "$interface" rev=2 "$@" 2>&1)" "$error" && held xt_ebpf 0 || return 1
	in_kernel_log "$mark" | grep -F "xt_ebpf: table" | grep -qF "$reason" || { in_kernel_log "$mark"; return 1; }
}

number=0
for interface in legacy nft; do
	# shellcheck disable=SC2001 # the pattern is one of sed
	for case in "${cases[@]}"; do
		# The last two fields have no "|" in them, the words may.
		what=${case%%|*} reason=${case##*|} rest=${case#*|}
		rest=${rest%|*}
		error=${rest##*|} words=()
		# One word for each name=, and code= has blanks.
		mapfile -t words < <(sed 's/ \([a-z]*=\)/\n\1/g' <<<"${rest%|*}")
		[ $((number++ % 8)) != 0 ] || log_anew
		check "$interface: $what: $error" refused $interface "$error" "$reason" "${words[@]}"
	done
done

fits() { rule legacy rev=2 "$@" && held xt_ebpf 1 && drop_rules; }
check "62 instructions fill a blob" fits "code=$full"
check "a path of 495 bytes does" eval 'same "$(rule legacy rev=2 "path=/$(printf "x%.0s" {1..494})")" ENAMETOOLONG'
unread() { same "$(rule legacy rev=3 "code=$code_all" 2>&1)" EPROTOTYPE; }
check "there is no revision 3" unread

ktap_end
