#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-kernel.sh NAME: makes sure that the newest package of a kernel of selftests/vm/kernels is in the cache, and
# prints its folder:
#
#	release		what uname -r will say
#	vmlinuz		the image
#	modules/	lib/modules/RELEASE as the package has it, modules uncompressed
#	guest-modules/	the part of it that a guest gets, and layer.zst, the same for an initramfs
#	headers		what KDIR= takes (a link)

set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$vm_dir/apt.sh"

name=${1:?usage: fetch-kernel.sh NAME}
known_kernel "$name"
[ "$name" != debug ] || exec "$vm_dir/debug-kernel.sh"

suites=$(kernel_field "$name" 2)
suffix=$(kernel_field "$name" 3)
arch=$(kernel_field "$name" 4)
[ "$arch" = amd64 ] || die "kernel $name: this lab boots amd64 only, not $arch"

# Networking and what it leans on; drivers for hardware stay behind.
select_guest_modules()
{
	local dir=$1 part
	mkdir -p "$dir/guest-modules/kernel"
	cp "$dir"/modules/modules.{order,builtin,builtin.modinfo} "$dir/guest-modules/"
	(
		cd "$dir/modules/kernel"
		for part in net lib crypto arch/*/crypto drivers/net/*.ko; do
			[ ! -e "$part" ] || cp -r --parents "$part" "$dir/guest-modules/kernel/"
		done
	)
	mkdir -p "$dir/layer/lib/modules"
	cp -r "$dir/guest-modules" "$dir/layer/lib/modules/$(cat "$dir/release")"
	"$vm_dir/layer.sh" "$dir/layer" "$dir/layer.zst"
	rm -r "$dir/layer"
}

# unpack_kernel SUITE RELEASE DIR: image, headers and the two packages that the headers lean on.
unpack_kernel()
{
	local suite=$1 release=$2 dir=$3 common kbuild
	common=$(apt_depends "$suite" "linux-headers-$release" '^linux-headers-.*-common$')
	kbuild=$(apt_depends "$suite" "linux-headers-$release" '^linux-kbuild-')
	apt_unpack "$suite" "$dir/root" "linux-image-$release" "linux-headers-$release" "$common" "$kbuild" || return 1

	echo "$release" >"$dir/release"
	mv "$dir/root/boot/vmlinuz-$release" "$dir/vmlinuz"
	mv "$dir/root/lib/modules/$release" "$dir/modules"
	rm -f "$dir/modules/build" "$dir/modules/source"
	find "$dir/modules" -name '*.ko.xz' -exec xz -d {} +
	select_guest_modules "$dir"
}

# The unpacked headers name each other by absolute paths, in one Makefile. Done last, for the folder's final name.
relocate_headers()
{
	local dir=$1 headers
	headers=$dir/root/usr/src/linux-headers-$(cat "$dir/release")
	sed -i "s#\([= ]\)/usr/src/#\1$dir/root/usr/src/#" "$headers/Makefile"
	ln -sfn "root/usr/src/${headers##*/}" "$dir/headers"
}

fetch()
{
	local suite release version dir
	for suite in ${suites//,/ }; do
		apt_refresh "$suite"
		release=$(apt_depends "$suite" "linux-image-$suffix" '^linux-image-[0-9]') || continue
		release=${release#linux-image-}
		version=$(apt_version "$suite" "linux-image-$release") || continue
		dir=$cache_dir/kernels/$name/$version
		if [ ! -e "$dir/headers" ]; then
			step "fetching kernel $name: $release ($version, $suite)"
			rm -rf "$dir" "$dir.new"
			mkdir -p "$dir.new"
			if ! unpack_kernel "$suite" "$release" "$dir.new"; then
				say "    $suite lists $release but does not have it; trying the next suite"
				rm -rf "$dir.new"
				continue
			fi
			mv "$dir.new" "$dir"
			relocate_headers "$dir"
		fi
		echo "$dir"
		return
	done
	die "kernel $name: none of $suites has linux-image-$suffix"
}

with_lock "$cache_dir/kernels/$name.lock" fetch
