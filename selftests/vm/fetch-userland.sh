#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-userland.sh: makes sure that the guest's user space (selftests/vm/userland) is in the cache, and prints its
# folder: root/ (unpacked packages, no maintainer script was run) and layer.zst (the same for an initramfs).

set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$vm_dir/apt.sh"

suite=$(awk '$1 == "suite" { print $2 }' "$vm_dir/userland")
packages=$(awk '!/^#/ && NF == 1' "$vm_dir/userland" | paste -sd,)

# What no test reads, and would only be unpacked at every boot.
prune()
{
	local root=$1
	(cd "$root" && rm -rf usr/share/{doc,man,locale,info,perl,perl5,lintian,bash-completion,zoneinfo,i18n} \
		usr/lib/x86_64-linux-gnu/{perl,perl5,perl-base,gconv} usr/lib/{apt,systemd,dpkg,perl5} \
		var/{cache,lib/apt,lib/dpkg} boot dev/*)
	find "$root/usr/bin" -name '*perl*' -delete
}

# Debian chooses between implementations by links that a maintainer script sets.
link_alternatives()
{
	local root=$1 t
	for t in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
		ln -sfn "${t/tables/tables-legacy}" "$root/usr/sbin/$t"
	done
	ln -sfn nc.openbsd "$root/bin/nc"
	ln -sfn mawk "$root/usr/bin/awk"
	ln -sfn bash "$root/bin/sh"
}

make_userland()
{
	local dir=$1 keep=() p
	for p in "${pathless[@]}"; do keep+=("--dpkgopt=path-exclude=$p"); done
	step "unpacking the guest's user space ($suite)"
	rm -rf "$dir" "$dir.new"
	mkdir -p "$dir.new"
	mmdebstrap --quiet --variant=extract --architectures=amd64 --include="$packages" "${keep[@]}" \
		"$suite" "$dir.new/root" "deb [signed-by=$apt_keyring] $(apt_uri "$suite") $suite main" >&2
	chmod -R u+rwX "$dir.new/root"
	prune "$dir.new/root"
	link_alternatives "$dir.new/root"
	"$vm_dir/layer.sh" "$dir.new/root" "$dir.new/layer.zst"
	mv "$dir.new" "$dir"
}

pathless=('/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*')

ensure()
{
	[ -e "$1/layer.zst" ] || make_userland "$1" || return 1
	echo "$1"
}

key=$(cat "$vm_dir/userland" "$0" | cksum | cut -d' ' -f1)
with_lock "$cache_dir/userland.lock" ensure "$cache_dir/userland/$key"
