# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # variables of ext.sh
#
# What tests of iptables-bpf share. Source after ktap.sh and ext.sh.

# tool_begin "$@": instead of in_own_namespaces. Afterwards the script's folder $pins is there, and $files is one for files.
tool_begin()
{
	in_own_namespaces "$@"
	find_extensions
	# As rules and lists of pins want paths.
	bpf_dir=$(cd "$bpf_dir" && pwd)
	ip link set lo up
	modprobe xt_ebpf || skip_all "xt_ebpf.ko is not here"
	mkdir "$pins"
	files=$(mktemp -d)
	chmod 755 "$files"
	cleanup_push rm -rf "$files"
}

# pin NAME OBJECT [TYPE]: a program of the tests.
pin() { bpftool prog load "$bpf_dir/$2.bpf.o" "$pins/$1" type "${3:-socket}"; }

id_of() { bpftool -j prog show pinned "$pins/$1" | jq .id; }

# ends STATUS TEXT COMMAND...: with that status, and says TEXT on one of both outputs.
ends()
{
	local want=$1 text=$2 said status=0
	shift 2
	said=$("$@" 2>&1) || status=$?
	[ $status = "$want" ] && [[ $said == *"$text"* ]] && return
	printf 'ended with %s and said: %s\nwant %s and: %s\n' $status "$said" "$want" "$text"
	return 1
}

# as_nobody COMMAND...
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"; }

# add TOOL OPTION...: a rule for what goes to this machine itself, without a target.
add() { ours "$1" -A OUTPUT -o lo -m bpf "${@:2}"; }

# judged TOOL [N]: packets that rule N (default 1) has counted since the last call, of one echo request; with its reply, two.
judged()
{
	local address=127.0.0.1
	[[ $1 != ip6* ]] || address=::1
	ours "$1" -Z OUTPUT
	ping -nqc 1 -W 1 $address >/dev/null
	ours "$1" -vnxL OUTPUT "${2:-1}" | awk '{ print $1; exit }'
}
