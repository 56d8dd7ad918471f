#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-deb.sh [OPTION...]: makes the Debian packages, source and binary, in build/deb, by dpkg-buildpackage; options go
# to it. Needs what packaging/debian/control names in Build-Depends, and no root.

set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/.*IPTABLES_EBPF_VERSION "\(.*\)"/\1/p' "$top/kernel/version.h")
out=$top/build/deb
name=iptables-ebpf-$version

die()
{
	echo "build-deb.sh: $*" >&2
	exit 1
}

command -v dpkg-buildpackage >/dev/null ||
	die "there is no dpkg-buildpackage (apt install dpkg-dev debhelper dh-dkms)"
rm -rf "$out"
mkdir -p "$out/$name"
# The upstream tarball that Debian's tools expect; debian/ comes on top of it.
tar -C "$top" --exclude=./build --exclude=./.git -c . | tar -C "$out/$name" -x
tar -C "$out" --sort=name -cJf "$out/iptables-ebpf_$version.orig.tar.xz" "$name"
cp -r "$out/$name/packaging/debian" "$out/$name/debian"

cd "$out/$name"
named=$(dpkg-parsechangelog -S Version)
[ "${named%-*}" = "$version" ] ||
	die "packaging/debian/changelog is about version $named, kernel/version.h about $version"
dpkg-buildpackage --no-sign "$@" >"$out/log" 2>&1 || {
	tail -n 30 "$out/log" >&2
	die "dpkg-buildpackage failed; build/deb/log has all of it"
}
rm -rf "${out:?}/$name"
find "$out" -name "*.deb" -o -name "*.dsc"
