#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make dkms`: installs, upgrades, changes nothing where it cannot build, and can be taken back.

. "$(dirname "$0")/../lib/ktap.sh"
. "$(dirname "$0")/../lib/private_root.sh"
private_root 6.12 6.1
boot 6.12
without 6.12 CONFIG_KRETPROBES
without 6.1 CONFIG_KRETPROBES

kernel=$(release 6.12)
other=$(release 6.1)
version=$(sed -n 's/.*IPTABLES_EBPF_VERSION "\(.*\)"/\1/p' "$TOP_DIR/kernel/version.h")

# A tree of the version before this one.
mkdir /tmp/old
cp -r "$TOP_DIR"/{Makefile,Kbuild,dkms.conf,LICENSE,kernel,packaging} /tmp/old/
sed -i "s/$version/0.0.9/" /tmp/old/dkms.conf /tmp/old/kernel/version.h

make_in() { make -s -C "$1" "${@:2}"; }
is_version() { same "$(modinfo -k "$1" -F version xt_ebpf)" "$2"; }
modules_of() { find "/lib/modules/$1" -name 'xt_ebpf.ko*'; }
state() { stat -c '%n %i %Y' "$(modules_of "$kernel")" /usr/src/iptables-ebpf-*; }
unchanged() { [ -n "$before" ] && same "$(state)" "$before"; }

no_trace_of_old()
{
	same "$(find /usr/src /var/lib/dkms -name '*0.0.9*')" '' && same "$(modules_of "$kernel" | wc -l)" 1
}
nothing_left()
{
	same "$(find /usr/src /var/lib/dkms /lib/modules/*/updates /lib/mod*.d /usr/lib/mod*.d -name '*ebpf*' 2>/dev/null)" ''
}
breaks_and_says()
{
	cp -r /tmp/old /tmp/broken
	sed -i 's/0\.0\.9/0.2.0/' /tmp/broken/dkms.conf /tmp/broken/kernel/version.h
	echo '#error does not build' >>/tmp/broken/kernel/match_v1.c
	says 'does not build' make_in /tmp/broken dkms
}

ktap_plan 16
check "tells an ordinary user what it needs" says "run this as root" as_user "$TOP_DIR/packaging/dkms-install.sh"
mv "/lib/modules/$kernel/build" /tmp/build
check "tells who has no headers what to install" says "linux-headers-$kernel" make_in /tmp/old dkms
mv /tmp/build "/lib/modules/$kernel/build"

check "installs for the running kernel" make_in /tmp/old dkms
check "the module is there" is_version "$kernel" 0.0.9
check "the running kernel is asked to load it" grep -qx 'modprobe xt_ebpf' /tmp/modules.log
check "modprobe is told when to load it" grep -q '^softdep xt_bpf post: xt_ebpf$' /lib/modprobe.d/iptables-ebpf.conf
before=$(state)
check "a second time, it says so" says "installed already" make_in /tmp/old dkms
check "a second time, it touches nothing" unchanged

check "shows why a version cannot be built" breaks_and_says
check "and leaves the one before in place" unchanged

"$TOP_DIR/packaging/dkms-install.sh" -k "$other" >/tmp/upgrade 2>&1
check "an upgrade for one kernel reaches the others" is_version "$kernel" "$version"
check "and that one" is_version "$other" "$version"
check "nothing of the version before is left" no_trace_of_old

# Of two modules of one name under updates/ nobody can know which one counts.
touch "/lib/modules/$other/updates/xt_ebpf.ko"
check "tells who has used make install what to do" says "make uninstall KVER=$other" make_in /tmp/old dkms KVER="$other"
rm "/lib/modules/$other/updates/xt_ebpf.ko"

check "goes when it is told to" make_in /tmp/old dkms-remove
check "nothing is left" nothing_left
ktap_end
