#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# systemd has nothing to say about the units for a boot. Needs the source tree and systemd-analyze, no root.

. lib/ktap.sh
[ -n "${TOP_DIR:-}" ] || skip_all "the units are in the source tree"
command -v systemd-analyze >/dev/null || skip_all "there is no systemd-analyze"
units=$(mktemp -d)
cleanup_push rm -rf "$units"

# The programs that they start are not installed here; something else takes their place.
# verified UNIT
verified()
{
	local said
	sed 's|^\(Exec[A-Za-z]*=-\{0,1\}\)[^ ]*|\1/bin/true|' "$TOP_DIR/packaging/systemd/$1" >"$units/$1"
	said=$(systemd-analyze --man=no verify "$units/$1" 2>&1) && [ -z "$said" ] || { echo "$said"; return 1; }
}

ktap_plan 2
for unit in iptables-ebpf-pins.service iptables-ebpf-closed.service; do
	check "$unit" verified $unit
done
ktap_end
