#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What iptables shows of rules with more than one match, or with what no option can express; and what it says on a
# kernel that has no bpf match.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

code='1,6 0 0 1'
program=/sys/fs/bpf/all

# lists EXTENSION TEXT TOOL
lists()
{
	"$1" "$3" -A OUTPUT -p tcp --dport 80 -m bpf --bytecode "$code" && says "$2" "$1" "$3" -nL OUTPUT
}

add_fd_rule() { "$bin_dir/xt_rule" filter 3 open=$program; }

deleted_by_number()
{
	ours iptables-legacy -D OUTPUT 1 && ours iptables-legacy -S OUTPUT
}

# Rules of a network namespace that is about to go, of a test before, may have it for a while.
is_unloaded() { modprobe -qr "$1"; ! grep -q "^$1 " /proc/modules; }

# The kernel has no bpf match, and cannot load one.
take_the_match_away()
{
	local tool
	for tool in "${tools[@]}"; do "$tool" -F; done
	wait_until 20 is_unloaded xt_ebpf
	wait_until 20 is_unloaded xt_bpf
	if [ -w /proc/sys/kernel/modprobe ]; then
		cleanup_push sysctl -qw "kernel.modprobe=$(sysctl -n kernel.modprobe)"
		sysctl -qw kernel.modprobe=/bin/false
	fi
	! stock iptables-legacy -A OUTPUT -m bpf --bytecode "$code" 2>/dev/null
}

names_the_module()
{
	refused 2 'modprobe xt_ebpf' ours "$1" -A OUTPUT -m bpf --object-pinned $program
}

stock_denies_the_option()
{
	refused 2 'unknown option "--object-pinned"' stock "$1" -A OUTPUT -m bpf --object-pinned $program
}

in_own_namespaces "$@"
find_extensions
ktap_plan 8
pin_at $program

check "the listing of a match keeps its distance from the one before" each lists ours 'dpt:80 match bpf 6 0 0 1'
check "that of the stock extension does not" each lists stock 'dpt:80match bpf 6 0 0 1'
check "a rule with a file descriptor can be made" add_fd_rule
check "it is listed with its mode" says 'match bpf unknown mode 2' ours iptables-legacy -nL OUTPUT
check "it is not saved, and the message tells how to get rid of it" \
	refused 1 'delete that rule by its number' ours iptables-legacy-save -t filter
check "it is deleted by its number" deleted_by_number

if take_the_match_away; then
	check "without the module the message names it" each names_the_module
	check "the stock extension says that there is no such option" each stock_denies_the_option
else
	ktap_skip "without the module the message names it" "the match is built into this kernel"
	ktap_skip "the stock extension says that there is no such option" "the match is built into this kernel"
fi
ktap_end
