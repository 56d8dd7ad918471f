#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Root of a user namespace gets from revision 2 what the in-tree match gives him, and reaches no rule but his own.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/match_v2.sh

legacy_interface
modprobe -aq iptable_raw nf_tables nft_compat
make_pair
pin match_all all
chmod 755 "$pin_dir"
load_ours || exit 1

nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups unshare -Urn "$@"; }
nobody true || skip_all "users may not make user namespaces here"

ktap_plan 12

export pin_dir code_all
code_64=64$(printf ',0 0 0 7%.0s' {1..63}),6\ 0\ 0\ 1
code_65=65$(printf ',0 0 0 7%.0s' {1..64}),6\ 0\ 0\ 1
export code_64 code_65
# inside WANT SCRIPT: the script prints WANT, and what rules it made go with the namespace.
inside()
{
	same "$(nobody bash -c "ip link set lo up; $2" 2>&1)" "$1" && held xt_ebpf 0
}

# shellcheck disable=SC2016 # the inner shell expands it
{
	check "legacy: bytecode is taken and matches" inside 3 'bin/xt_rule raw 3 rev=2 "code=$code_all" || exit; bin/udp_send -n 3 127.0.0.1 9 >/dev/null; bin/xt_rule -c raw'
	check "nft: bytecode is taken" inside 256 'bin/nft_rule ip 3 rev=2 "code=$code_all" || exit; bin/ebpf_ctl dump | sed "s/.*source=\([0-9]*\) .*/\1/"'
	check "64 instructions are taken, stored" inside 64 'bin/ebpf_ctl store bytecode "$code_64" "" bash -c "
		bin/xt_rule raw 3 rev=2 source=bytecode insns=64 content=\$(bin/ebpf_ctl store bytecode \"$code_64\" \"\")" >/dev/null
		bin/ebpf_ctl get $(bin/xt_rule -b raw) | sed "s/.*insns=\([0-9]*\) .*/\1/"'
	check "65 are refused, with the limit" says "EINVAL more than 4096 instructions, or 64 outside of the initial user namespace" \
		nobody bin/ebpf_ctl store bytecode "$code_65" ""
	check "a pinned program of the host is refused" inside EACCES 'bin/xt_rule raw 3 rev=2 "path=$pin_dir/all"'
	check "nft: a pinned program of the host is refused" inside EACCES 'bin/nft_rule ip 3 rev=2 "path=$pin_dir/all"'
}

# The host's rule, in the namespaces of the pair.
rule legacy rev=2 "path=$pin_dir/all"
handle=$(handle_of) program=$(program_id all)
export handle program
outside() { same "$(nobody bash -c "ip link set lo up; $2" 2>&1)" "$1"; }
# shellcheck disable=SC2016 # the inner shell expands it
{
	check "the host's rules are not shown" outside "" 'bin/ebpf_ctl dump'
	check "nor by handle" outside ENOENT 'bin/ebpf_ctl get $handle'
	check "nor can a handle of theirs be used" outside ESTALE 'bin/xt_rule raw 3 rev=2 "path=$pin_dir/all" handle=$handle'
	check "nor their program be exchanged" outside "ENOENT no rule of revision 2 in this network namespace runs the old program" \
		'bin/ebpf_ctl swap $program /proc/self/exe'
	check "counting cannot be switched on" outside "" '! { echo 1 >/sys/module/xt_ebpf/parameters/count; } 2>/dev/null || echo it was'
}
# In the host's namespace, without the capability.
no_rights() { says EPERM in_right setpriv --reuid=65534 --regid=65534 --clear-groups bin/ebpf_ctl dump; }
check "without CAP_NET_ADMIN nothing is told" no_rights

ktap_end
