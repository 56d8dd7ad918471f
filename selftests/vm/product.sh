#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# product.sh NAME: builds the project for a kernel of selftests/vm/kernels, installs it with `make install` into a
# folder under build/, adds the tests, and prints the folder; beside it lies FOLDER.zst, a layer for an initramfs.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

name=${1:?usage: product.sh NAME}
known_kernel "$name"
kernel_dir=$("$vm_dir/fetch-kernel.sh" "$name")
release=$(cat "$kernel_dir/release")
cc=$(kernel_field "$name" 5 || echo gcc-12)
product=$build_dir/product/$name

quietly()
{
	"$@" >"$product.log" 2>&1 || { tail -n 40 "$product.log" >&2; die "failed: $*"; }
}

# What depmod wrote for the kernel alone does not know the project's modules.
index_modules()
{
	local tree=$product/lib/modules/$release
	cp -rsf "$kernel_dir/guest-modules/." "$tree/"
	depmod -b "$product" "$release"
	find "$tree" -type l -delete
	find "$tree" -type d -empty -delete
}

make_product()
{
	rm -rf "$product"
	mkdir -p "$product"
	quietly make -j"$(nproc)" -C "$top_dir" KDIR="$kernel_dir/headers" CC="$cc" all selftests
	quietly make -C "$top_dir" KDIR="$kernel_dir/headers" CC="$cc" DESTDIR="$product" install
	mkdir -p "$product/lib/modules/$release"
	index_modules
	install -m 755 "$vm_dir/init" "$product/init"
	quietly make -C "$top_dir" DESTDIR="$product" install-selftests
	"$vm_dir/layer.sh" "$product" "$product.zst"
	echo "$product"
}

mkdir -p "$build_dir/product"
# Products of all kernels share the build of user space.
with_lock "$build_dir/lock" make_product
