# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034 # for who reads it
# What every script of this folder needs to know: where things are kept, how to speak, how to fail.

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_dir=$(cd "$vm_dir/../.." && pwd)
build_dir=$top_dir/build

# Debian keeps depmod and bpftool where users do not look.
PATH=$PATH:/usr/sbin:/sbin

# Downloads and what is made from them alone outlive a checkout; `make distclean` removes them.
cache_dir=${IPTABLES_EBPF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iptables-ebpf}

say() { printf '%s\n' "$*" >&2; }
die()
{
	say "${0##*/}: $*"
	exit 1
}

# step "WHAT": announces a step that takes a while; quiet steps stay quiet when everything is cached.
step() { say "==> $*"; }

# kernel_field NAME N: field N of the line of selftests/vm/kernels that names the kernel.
kernel_field()
{
	awk -v n="$1" -v f="$2" '$1 == n { print $f; found = 1 } END { exit !found }' "$vm_dir/kernels"
}

kernel_names() { awk '!/^#/ && NF { print $1 }' "$vm_dir/kernels"; }

known_kernel()
{
	[ "$1" = debug ] || kernel_field "$1" 1 >/dev/null ||
		die "no kernel \"$1\" in selftests/vm/kernels (there are: $(kernel_names | xargs) and debug)"
}

# with_lock FILE COMMAND...: one at a time, also across checkouts that share the cache.
with_lock()
{
	local file=$1
	shift
	mkdir -p "$(dirname "$file")"
	(
		set -e
		flock 9
		"$@"
	) 9>"$file"
}
