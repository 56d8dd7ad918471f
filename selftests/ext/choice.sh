#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which options go together, and what the extension says of a path before the kernel sees it. No kernel, no root.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

code='1,6 0 0 1'

# path LENGTH: absolute, of parts that a file name can have.
path()
{
	local path
	printf -v path '/%0200d' 0
	while [ ${#path} -lt "$1" ]; do path=$path$path; done
	printf '%s' "${path:0:$1}"
}

# Whether bpf() may be called, and so which error there is, depends on the user.
names_a_missing_pin()
{
	local family
	for family in 4 6; do
		refused 2 'bpf: failed to get bpf object "/sys/fs/bpf/no such program"' \
			ours options $family --object-pinned '/sys/fs/bpf/no such program' || return
	done
	refused 2 'bpf: failed to get bpf object' stock options 4 --object-pinned '/sys/fs/bpf/no such program'
}

find_extensions
ktap_plan 25

check "no option is refused, and both are named" \
	refused 2 'bpf: one of --bytecode or --object-pinned is required' ours options 4
check "the stock extension names an option that does not exist" \
	refused 2 'one of --bytecode or --pinned is required' stock options 4
check "both options together are refused" \
	refused 2 'exclude each other' ours options 4 --bytecode "$code" --object-pinned /sys/fs/bpf/program
check "an option given twice is refused" \
	refused 2 'option "--bytecode" can be used only once' ours options 4 --bytecode "$code" --bytecode "$code"
check "inverted bytecode needs revision 2" \
	refused 2 'option "--bytecode" cannot be inverted: that needs revision 2' \
	ours options 4 kernel=1 ! --bytecode "$code"
check "so does an inverted pin" \
	refused 2 'option "--object-pinned" cannot be inverted: that needs revision 2' \
	ours options 6 kernel=1 ! --object-pinned /sys/fs/bpf/program
check "so does an expression" \
	refused 2 'bpf: --expression needs revision 2' ours options 4 kernel=1 --expression icmp
check "so does an object" \
	refused 2 'bpf: --object-file needs revision 2' ours options 4 kernel=1 --object-file object.o
check "what needs revision 2 says how to get it" \
	refused 2 'modprobe xt_ebpf' ours options 6 kernel=1 --expression icmp6
check "a program's name without an object is refused" \
	refused 2 'bpf: --program needs --object-file' ours options 4 --program name
check "so is one for what has no name" \
	refused 2 'bpf: --program goes with --object-file, not --expression' \
	ours options 4 --program name --expression icmp
check "a name cannot be inverted" \
	refused 2 'write ! before --object-file' ours options 4 --object-file object.o ! --program name
check "iptables itself ends with 2, too" \
	refused 2 'one of --bytecode or --object-pinned is required' ours iptables-translate -A INPUT -m bpf

check "where nothing is pinned the message names the path" names_a_missing_pin
check "what is in no BPF file system is said to be no pinned program" \
	refused 2 'so no pinned program' ours options 4 --object-pinned /proc/version
check "an empty path is refused" refused 2 'needs a path' ours options 4 --object-pinned ''
check "a path of 511 bytes is looked up" \
	refused 2 "failed to get bpf object \"$(path 511)\"" ours options 4 --object-pinned "$(path 511)"
check "for revision 1, one of 512 bytes is too long" \
	refused 2 'a path of 512 characters is too long, possible are 511' \
	ours options 4 kernel=1 --object-pinned "$(path 512)"
check "with revision 2, one of 4095 bytes is looked up" \
	refused 2 "failed to get bpf object" ours options 4 --object-pinned "$(path 4095)"
check "one of 4096 bytes is too long" \
	refused 2 'a path of 4096 characters is too long, possible are 4095' \
	ours options 4 --object-pinned "$(path 4096)"
check "a relative path counts from the root" \
	refused 2 "$PWD/program" ours options 4 --object-pinned program
check "a path with a line break, which no saved ruleset can hold, is refused" \
	refused 2 'rename it' ours options 4 --object-pinned $'/sys/fs/bpf/a\nb'
check "on a kernel without revision 1 the message names the module" \
	refused 2 'modprobe xt_ebpf' ours options 4 kernel=0 --object-pinned /sys/fs/bpf/program
check "a rule that no option can express is listed with its mode" \
	says ' match bpf unknown mode 2' ours options 4 kernel=1 mode=2 --bytecode "$code"
check "and not saved, as it would come back matching everything" \
	refused 1 'no option can express mode 2' ours options 4 kernel=1 mode=2 --bytecode "$code"
ktap_end
