#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The Debian packages: built by an ordinary user, then installed, upgraded and removed, while rules use the loaded module.

. "$(dirname "$0")/../lib/ktap.sh"
. "$(dirname "$0")/../lib/private_root.sh"
private_root 6.12
boot 6.12
without 6.12 CONFIG_KRETPROBES

kernel=$(release 6.12)
version=$(sed -n 's/.*IPTABLES_EBPF_VERSION "\(.*\)"/\1/p' "$TOP_DIR/kernel/version.h")
debs=/tmp/tree/build/deb
export DEBIAN_FRONTEND=noninteractive

# repack VERSION [COMMAND]: the package of the modules as another version, whose source was changed by COMMAND.
repack()
{
	local dir=/tmp/repack
	rm -rf $dir
	dpkg-deb -R "$debs"/iptables-ebpf-dkms_*.deb $dir
	mv $dir/usr/src/iptables-ebpf-"$version" $dir/usr/src/iptables-ebpf-"$1"
	cd $dir || return
	sed -i "s/$version/$1/" DEBIAN/* usr/src/iptables-ebpf-"$1"/{dkms.conf,kernel/version.h}
	sed -i "s/^Depends:.*/Depends: dkms/; /^Recommends:/d" DEBIAN/control
	eval "${2:-:}"
	cd / || return
	dpkg-deb -b $dir /tmp/iptables-ebpf-dkms_"$1".deb
}

# kernel_has USERS VERSION SRCVERSION: a loaded module that many rules use.
kernel_has()
{
	mountpoint -q /sys/module || {
		mount -t tmpfs tmpfs /sys/module
		# shellcheck disable=SC2016 # for the stub
		echo 'rm -r "/sys/module/$1"' >>/usr/local/sbin/rmmod
	}
	mkdir -p /sys/module/xt_ebpf
	echo "$1" >/sys/module/xt_ebpf/refcnt
	echo "$2" >/sys/module/xt_ebpf/version
	echo "$3" >/sys/module/xt_ebpf/srcversion
	: >/tmp/modules.log
}

srcversion() { modinfo -k "$kernel" -F srcversion xt_ebpf; }
is_version() { same "$(modinfo -k "$kernel" -F version xt_ebpf)" "$1"; }
has_files() { for file in "$@"; do [ -s "$file" ] || { echo "missing: $file"; return 1; }; done; }
# What dpkg printed about the loaded module, in one line.
told() { same "$(grep '^iptables-ebpf: ' /tmp/said)" "$1"; }
kernel_was_asked() { same "$(cat /tmp/modules.log)" "$1"; }
dpkg_do() { dpkg "$@" >/tmp/said 2>&1 || { cat /tmp/said; return 1; }; }
nothing_left()
{
	same "$(find /usr/src /var/lib/dkms /var/lib/dpkg/info /lib/modules /usr /etc -xdev \( -name '*iptables-ebpf*' -o -name 'xt_ebpf*' \
		-o -name 'libip*_bpf.so' -o -name 'iptables-trace*' \) 2>/dev/null)" ''
}

checkout /tmp/tree
# Compiling the tools takes most of the time. `make check-all` has the package compile them; otherwise it finds them compiled
# when it is about to do so, as the checkout has them, and does the rest.
if [ -z "${TEST_WHOLE:-}" ]; then
	# shellcheck disable=SC2016 # for the stub
	printf '%s\n' '#!/bin/sh' 'case " $* " in *" user "*) mkdir -p build && cp -a /tmp/tree/build/userspace build/ ;; esac' \
		'exec /usr/bin/make "$@"' >/usr/local/bin/make
	chmod +x /usr/local/bin/make
fi

ktap_plan 23
check "an ordinary user can build them" as_user env DEB_BUILD_OPTIONS=noautodbgsym /tmp/tree/packaging/build-deb.sh
check "the source package is complete" dpkg-source --no-check -x "$debs"/iptables-ebpf_*.dsc /tmp/unpacked
repack 0.0.9 >/dev/null

check "installs an earlier version" dpkg_do -i /tmp/iptables-ebpf-dkms_0.0.9.deb
check "its module is installed for the running kernel" is_version 0.0.9
check "the kernel is asked to load it" kernel_was_asked "modprobe xt_ebpf"
check "nothing needs to be said" told ''

kernel_has 3 0.0.9 "$(srcversion)"
check "installs this version over it, and the tools" dpkg_do -i "$debs"/iptables-ebpf_*.deb "$debs"/iptables-ebpf-dkms_*.deb
check "its module replaces the other" is_version "$version"
check "nothing of the earlier version is left" same "$(find /usr/src /var/lib/dkms -name '*0.0.9*')" ''
check "what is loaded stays, as rules use it" kernel_was_asked ''
check "one line says what goes on and how it changes" told "iptables-ebpf: xt_ebpf 0.0.9 stays loaded, as 3 rules use it. \
Version $version takes over at the next boot, or by \"rmmod xt_ebpf && modprobe xt_ebpf\" once nothing uses it."
check "the extension, a tool, a manual page and modprobe's file are there" has_files \
	/usr/lib/*/xtables/libip{,6}t_bpf.so /usr/sbin/iptables-trace /usr/share/man/man8/xt_ebpf.8.gz \
	/lib/modprobe.d/iptables-ebpf.conf /lib/modules-load.d/iptables-ebpf.conf

kernel_has 0 0.0.9 outdated
check "configured again when no rule uses the loaded module" dpkg-reconfigure iptables-ebpf-dkms
check "it is exchanged" kernel_was_asked "$(printf 'rmmod xt_ebpf\nmodprobe xt_ebpf')"

kernel_has 3 "$version" "$(srcversion)"
repack 9.0.0 "echo '#error does not build' >>usr/src/iptables-ebpf-9.0.0/kernel/match_v1.c" >/dev/null
check_not "a version that cannot be built fails to install" dpkg_do -i /tmp/iptables-ebpf-dkms_9.0.0.deb
check "the line says that the loaded one stays, and what follows" told "iptables-ebpf: xt_ebpf $version stays loaded, as 3 \
rules use it. It is no longer installed for this kernel: after the next boot, the kernel's own xt_bpf serves such rules."
check "what is loaded stays" kernel_was_asked ''
check "the version before can be installed again" dpkg_do -i "$debs"/iptables-ebpf-dkms_*.deb
check "which is what is loaded, so nothing needs to be said" told ''

kernel_has 1 "$version" "$(srcversion)"
rm "/lib/modules/$kernel/kernel/net/netfilter"/xt_bpf.ko*
depmod "$kernel"
check "removed while a rule uses it" dpkg_do -r iptables-ebpf-dkms
check "where the kernel has no xt_bpf, the line warns" told "iptables-ebpf: xt_ebpf $version stays loaded, as 1 rule uses it. \
It is no longer installed for this kernel: nor has it an xt_bpf, so AFTER THE NEXT BOOT RULES WITH -m bpf CANNOT BE LOADED. \
Take them out before."
check "what is loaded stays once more" kernel_was_asked ''
dpkg_do -P iptables-ebpf-dkms iptables-ebpf
check "purged, they leave nothing" nothing_left
ktap_end
