#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-userland.sh: makes sure that the guest's user space (selftests/vm/userland) is in the cache, and prints its
# folder: root/ (packages unpacked, no maintainer script run, no root needed) and layer.zst (the same for an initramfs).

set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$vm_dir/apt.sh"

suite=$(awk '$1 == "suite" { print $2 }' "$vm_dir/userland")
mapfile -t packages < <(awk '!/^#/ && NF == 1' "$vm_dir/userland")

# What no test reads, and would only be unpacked at every boot.
prune()
{
	local root=$1
	(cd "$root" && rm -rf usr/share/{doc,man,locale,info,perl,perl5,lintian,bash-completion,zoneinfo,i18n,common-licenses} \
		usr/lib/x86_64-linux-gnu/{perl,perl5,perl-base,gconv} usr/lib/{apt,systemd,dpkg,perl5} \
		var/{cache,lib/apt,lib/dpkg} boot dev/*)
	find "$root/usr/bin" -name '*perl*' -delete
}

# What maintainer scripts would have done: choices between implementations, users, mount points.
configure()
{
	local root=$1 t
	for t in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
		ln -sfn "${t/tables/tables-legacy}" "$root/usr/sbin/$t"
	done
	ln -sfn nc.openbsd "$root/bin/nc"
	ln -sfn mawk "$root/usr/bin/awk"
	ln -sfn bash "$root/bin/sh"
	printf '%s\n' 'root:x:0:0::/root:/bin/bash' 'nobody:x:65534:65534::/:/bin/false' 'tcpdump:x:100:100::/:/bin/false' \
		>"$root/etc/passwd"
	printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' 'tcpdump:x:100:' >"$root/etc/group"
	mkdir -p "$root"/{dev,proc,sys,run,tmp,root}
}

make_userland()
{
	local dir=$1
	set -e
	step "fetching the guest's user space ($suite)"
	rm -rf "$dir" "$dir.new"
	mkdir -p "$dir.new"
	apt_unpack_closure "$suite" "$dir.new/root" "${packages[@]}"
	chmod -R u+rwX "$dir.new/root"
	prune "$dir.new/root"
	configure "$dir.new/root"
	"$vm_dir/layer.sh" "$dir.new/root" "$dir.new/layer.zst"
	mv "$dir.new" "$dir"
}

ensure()
{
	[ -e "$1/layer.zst" ] || make_userland "$1"
	[ -e "$1/layer.zst" ] && echo "$1"
}

key=$(cat "$vm_dir/userland" "$0" | cksum | cut -d' ' -f1)
apt_refresh "$suite"
with_lock "$cache_dir/userland.lock" ensure "$cache_dir/userland/$key"
