#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# debug-kernel.sh: makes sure that the kernel "debug" is in the cache, and prints its folder, which is laid out as
# fetch-kernel.sh describes. It is built from the distribution's own sources: debug.config, and the firewall's options
# as the distribution's kernel of the same series has them.

set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$vm_dir/apt.sh"

series=6.12
package=linux-source-$series
suites=$(kernel_field $series 2)
cc=$(kernel_field $series 5)
distribution_config=$("$vm_dir/fetch-kernel.sh" $series)/headers/.config

# What of the firewall leans on subsystems that this kernel goes without.
unsupported='_(IPVS|OVS|LED)='

requested_options()
{
	cat "$vm_dir/debug.config"
	grep -E '^CONFIG_(NETFILTER|NF_|NFT_|IP_NF_|IP6_NF_|IP_SET|BRIDGE)' "$distribution_config" |
		grep -vE "$unsupported"
}

# kernel_make ARGUMENT...: in the sources, with one compiler for all of it, and free of the flags of a make above.
kernel_make() { env -u MAKEFLAGS nice make -C "$work/$package" CC="$cc" HOSTCC="$cc" V=0 "$@"; }

configure()
{
	local options=$work/requested tree=$work/$package lost
	requested_options >"$options"
	kernel_make -s KCONFIG_ALLCONFIG="$options" allnoconfig
	lost=$(grep '^CONFIG_' "$options" | grep -vxF -f "$tree/.config" || true)
	[ -z "$lost" ] || die "the kernel's configuration cannot have:" $'\n'"$lost"
}

# Hands on what it reads and says every half minute how far the build is: a quarter of an hour of nothing is long.
progress()
{
	local line files=0 start=$SECONDS next=$((SECONDS + 30))
	while IFS= read -r line; do
		printf '%s\n' "$line"
		[[ $line != '  CC '* ]] || files=$((files + 1))
		[ $SECONDS -ge $next ] || continue
		line=${line##* }
		say "    $(((SECONDS - start) / 60)) min: $files of about 2,200 files compiled, now ${line#"$work/$package/"}"
		next=$((SECONDS + 30))
	done
}

# The kernel's own selection of what external modules need. Of vmlinux they need the types, for their BTF.
collect_headers()
{
	local dir=$1 tree=$work/$package
	# shellcheck disable=SC2016 # make expands it
	kernel_make -s run-command KBUILD_RUN_COMMAND='$(srctree)/scripts/package/install-extmod-build '"$dir/headers"
	cp "$tree/.config" "$dir/headers/"
	objcopy --only-section=.BTF --only-section=.BTF_ids "$tree/vmlinux" "$dir/headers/vmlinux" 2>/dev/null
}

collect()
{
	local dir=$1 release tree=$work/$package
	release=$(cat "$tree/include/config/kernel.release")
	echo "$release" >"$dir/release"
	cp "$tree/arch/x86/boot/bzImage" "$dir/vmlinuz"
	kernel_make -s INSTALL_MOD_PATH="$dir/root" INSTALL_MOD_STRIP=1 modules_install
	rm -f "$dir/root/lib/modules/$release/build"
	"$vm_dir/layer.sh" "$dir/root" "$dir/layer.zst"
	# Nothing is built that a guest has no use for.
	ln -s "root/lib/modules/$release" "$dir/modules"
	ln -s modules "$dir/guest-modules"
	collect_headers "$dir"
}

make_kernel()
{
	local suite=$1 dir=$2 log=$2.log start=$SECONDS
	[ ! -e "$dir" ] || return 0
	# Also what a run that was killed has left; whoever is here holds the lock.
	rm -rf "$cache_dir"/kernels/debug/*.new
	mkdir -p "$dir.new"
	# Gigabytes that nobody needs afterwards.
	work=$dir.new/work
	step "building the debug kernel from $package ($suite): once, 10 to 15 minutes on 2 CPUs, 5 GB on the way"
	# shellcheck disable=SC2064 # the log of now
	trap "rm -rf '$dir.new'; say 'debug-kernel.sh: no debug kernel; its log is $log'" EXIT
	apt_unpack "$suite" "$work" "$package" 2>"$log"
	tar -C "$work" -xf "$work/usr/src/$package.tar.xz"
	rm "$work/usr/src/$package.tar.xz"
	configure 2>&1 | tee -a "$log" >&2
	kernel_make -j"$(nproc)" bzImage modules 2>&1 </dev/null | progress >>"$log"
	collect "$dir.new" >>"$log" 2>&1
	rm -rf "$work"
	mv "$dir.new" "$dir"
	trap - EXIT
	say "    built in $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
}

find_kernel()
{
	local suite version dir
	for suite in ${suites//,/ }; do
		apt_refresh "$suite"
		version=$(apt_version "$suite" $package) || continue
		dir=$cache_dir/kernels/debug/$version-$({ requested_options; cat "$0"; } | cksum | cut -d' ' -f1)
		make_kernel "$suite" "$dir"
		echo "$dir"
		return
	done
	die "none of $suites has $package"
}

with_lock "$cache_dir/kernels/debug.lock" find_kernel
