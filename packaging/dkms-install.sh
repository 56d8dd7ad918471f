#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms-install.sh [-k RELEASE]...	hands the modules of this tree to DKMS and has them built and installed for the running
#					kernel (or those named), and every kernel that an earlier version was installed for
# dkms-install.sh --remove		takes every version of them back
#
# Nothing on the host changes unless the modules have been built first, in a folder aside, for each kernel of interest. May
# be repeated; what is in place already stays as it is.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=iptables-ebpf

say() { printf '%s\n' "$*" >&2; }
die()
{
	say "dkms-install.sh: $*"
	exit 1
}

kernels=() remove=''
while [ $# -gt 0 ]; do
	case $1 in
	-k) kernels+=("${2:?-k which kernel?}"); shift 2 ;;
	--remove) remove=1; shift ;;
	*) sed -n 's/^# \{0,1\}//; 3,/^$/p' "$0" >&2; exit 2 ;;
	esac
done

[ "$(id -u)" = 0 ] || die "DKMS writes to /usr/src, /var/lib/dkms and /lib/modules: run this as root (sudo make dkms)"
command -v dkms >/dev/null || die "there is no dkms; install the package of that name (apt install dkms)"
if dpkg-query -W -f '${db:Status-Status}\n' $package-dkms 2>/dev/null | grep -qx installed; then
	die "the package $package-dkms has its modules in DKMS; remove it first (apt remove $package-dkms)"
fi

# Lines "VERSION KERNEL STATUS" of what DKMS has of ours; KERNEL is "-" where nothing is built. DKMS 2 and 3 punctuate
# differently.
dkms_state()
{
	dkms status -m $package 2>/dev/null | tr ',:/' '   ' |
		awk -v p=$package '$1 == p { if (NF > 3) print $2, $3, $5; else print $2, "-", $3 }'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# dkms_do WHAT...: a command of DKMS, shown only if it fails.
dkms_do()
{
	dkms "$@" >"$work/log" 2>&1 </dev/null || {
		tail -n 30 "$work/log" >&2
		die "failed: dkms $*"
	}
}

remove_all()
{
	local version
	for version in $(dkms_state | cut -d' ' -f1 | sort -u); do
		dkms_do remove $package/"$version" --all
		say "removed $package $version"
	done
	rm -rf /usr/src/$package-[0-9]*
}

if [ -n "$remove" ]; then
	remove_all
	"$here/loaded-module.sh"
	exit
fi

mkdir "$work/tree"
source=$("$here/dkms-source.sh" "$work/src")
version=${source##*/"$package"-}

[ ${#kernels[@]} -gt 0 ] || kernels=("$(uname -r)")
for kernel in "${kernels[@]}"; do
	[ -e "/lib/modules/$kernel/build/include" ] ||
		die "there are no headers for kernel $kernel; install them first (apt install linux-headers-$kernel)"
	[ ! -e "/lib/modules/$kernel/updates/xt_ebpf.ko" ] ||
		die "/lib/modules/$kernel/updates has modules of make install; remove them first (make uninstall KVER=$kernel)"
done
while read -r _ kernel status; do
	if [ "$status" = installed ] && [ -e "/lib/modules/$kernel/build/include" ] &&
		[[ " ${kernels[*]} " != *" $kernel "* ]]; then
		kernels+=("$kernel")
	fi
done < <(dkms_state)

in_place()
{
	local kernel
	diff -r "$source" "/usr/src/$package-$version" >/dev/null 2>&1 || return 1
	for kernel in "${kernels[@]}"; do
		dkms_state | grep -qx "$version $kernel installed" || return 1
	done
}

if in_place; then
	say "$package $version is installed already, for ${kernels[*]}"
	exit
fi

# A kernel that dkms.conf leaves alone (status 77) is no failure where others are served.
fitting=()
for kernel in "${kernels[@]}"; do
	say "==> building for $kernel"
	status=0
	dkms build $package/"$version" -k "$kernel" --dkmstree "$work/tree" --sourcetree "$work/src" \
		>"$work/log" 2>&1 </dev/null || status=$?
	case $status in
	0) fitting+=("$kernel") ;;
	77) say "    not for this kernel: it is older than 5.10, or lacks what dkms.conf names in BUILD_EXCLUSIVE_CONFIG" ;;
	*)
		cat "$work/log" "$work/tree/$package/$version/build/make.log" 2>/dev/null | tail -n 30 >&2
		die "the modules cannot be built for $kernel (see above); nothing has been changed"
		;;
	esac
done
[ ${#fitting[@]} -gt 0 ] || die "none of the kernels fits; nothing has been changed"

# Source and modules move over as they are.
dkms_do mktarball $package/"$version" "${fitting[@]/#/--kernelver=}" \
	--dkmstree "$work/tree" --archive "$work/built.tar.gz"
remove_all
dkms_do ldtarball "$work/built.tar.gz"
for kernel in "${fitting[@]}"; do
	dkms_do install $package/"$version" -k "$kernel"
	say "installed $(modinfo -k "$kernel" -F filename xt_ebpf)"
done
"$here/loaded-module.sh"
