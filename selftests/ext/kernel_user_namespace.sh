#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An unprivileged user who is root in a user namespace: each option gives what it would give with the in-tree match, and
# nothing beyond.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

# as_nobody COMMAND...: as root of namespaces of a user's own. Functions of this script may be called.
as_nobody()
{
	# shellcheck disable=SC2016 # for the inner shell
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		env XTABLES_LOCKFILE=/dev/null unshare --user --map-root-user --net --mount bash -c '
			cd "$1" && . ../lib/ktap.sh && . ../lib/ext.sh && extension_dirs=$2 && "${@:3}"' \
		- "$PWD" "$extension_dirs" "$@"
}

code()
{
	local i
	printf '%d' "$1"
	for ((i = 1; i < $1; i++)); do printf ',48 0 0 %d' $((i % 20)); done
	printf ',6 0 0 1'
}

# The in-tree match takes 64 instructions from anybody.
bytecode_is_added()
{
	as_nobody ours "$1" -A OUTPUT -m bpf --bytecode "$(code 61)" &&
		as_nobody ours "$1" -A OUTPUT -m bpf --bytecode "$(code 64)" &&
		as_nobody ours "$1" -A OUTPUT -m bpf ! --bytecode '1,6 0 0 1' &&
		as_nobody ours "$1" -A OUTPUT -m bpf --expression 'tcp port 443'
}

# denied STATUS... TEXT OPTION... TOOL: iptables ends with one of the statuses, says the text, and no rule is there.
denied()
{
	local tool=${!#} said status
	said=$(as_nobody ours "$tool" -A OUTPUT -m bpf "${@:3:$#-3}" 2>&1)
	status=$?
	[[ " $1 " == *" $status "* && $said == *"$2"* ]] || { echo "ended with $status and said: $said"; return 1; }
}

sees_only_its_own()
{
	ours iptables-nft -F && ours iptables-nft -A OUTPUT -m bpf --bytecode "$(code 100)" &&
		same "$(as_nobody iptables-nft -S OUTPUT)" '-P OUTPUT ACCEPT' &&
		[ "$("$bin_dir/ebpf_ctl" dump | wc -l)" = 1 ] && same "$(as_nobody "$bin_dir/ebpf_ctl" dump)" ""
}

in_own_namespaces "$@"
find_extensions
have_revision_2 || skip_all "the kernel's match has no revision 2"
as_nobody true || skip_all "an unprivileged user may not have namespaces here"
# Who has no rights cannot load what is missing.
modprobe -a ip_tables iptable_filter ip6_tables nft_compat
objects=$(mktemp -d)
cleanup_push rm -rf "$objects"
chmod 755 "$objects"
cp "$bpf_dir/two_programs.bpf.o" "$objects/two.o"
pin_at /sys/fs/bpf/all
chmod 755 /sys/fs/bpf

ktap_plan 6
check "bytecode of up to 64 instructions is added, as ever" each_back_end bytecode_is_added
check "bytecode of 65 is refused" each_back_end denied '1 2' '64 outside of the initial user namespace' --bytecode "$(code 65)"
check "so is an expression that takes more" \
	each_back_end denied '1 2' '64 outside of the initial user namespace' --expression "port 1$(printf ' or port %s' {2..60})"
check "a pinned program, which belongs to somebody else, is refused" \
	each_back_end denied '1 2 4' 'ermi' --object-pinned /sys/fs/bpf/all
check "an object cannot be loaded" \
	each_back_end denied 2 'bpf() must be allowed to you' --object-file "$objects/two.o" --program two_no
check "rules of other namespaces do not show" sees_only_its_own
ktap_end
