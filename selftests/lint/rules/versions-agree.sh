#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: kernel/version.h, dkms.conf, the changelogs and the packaging name the same version
. "$(dirname "$0")/../lib.sh"

version=$(sed -n 's/^#define IPTABLES_EBPF_VERSION "\(.*\)"$/\1/p' kernel/version.h) || true
[ -n "$version" ] || echo "kernel/version.h: no IPTABLES_EBPF_VERSION"

# agrees FILE SED-EXPRESSION: the first thing that the expression prints is the version.
agrees()
{
	local says
	says=$(sed -nE "$2" "$1" | head -n 1) || true
	[ "$says" = "$version" ] || echo "$1: version \"$says\", where kernel/version.h says \"$version\""
}

agrees dkms.conf 's/^PACKAGE_VERSION="?([^"]*)"?$/\1/p'
agrees CHANGELOG.md 's/^## \[?([0-9][^] ]*).*/\1/p'
# The distribution's own revision follows the last dash.
[ ! -e packaging/debian/changelog ] || agrees packaging/debian/changelog 's/^[a-z0-9-]+ \((.*)-[^-]*\).*/\1/p'
