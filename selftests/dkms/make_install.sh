#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make` and `make install` for a kernel that does not run, by an ordinary user, into a folder; `make uninstall`.

. "$(dirname "$0")/../lib/ktap.sh"
. "$(dirname "$0")/../lib/private_root.sh"
private_root 6.12
without 6.12 CONFIG_KRETPROBES

kernel=$(release 6.12)
multiarch=$(gcc -print-multiarch)

tree=/tmp/tree dest=/tmp/dest
checkout $tree
as_user mkdir $dest
make_as_user() { as_user make -s -C "$tree" "$@"; }

installed() { for file in "$@"; do [ -s "$dest/$file" ] || { echo "missing: $file"; return 1; }; done; }
# Whatever the tools of the day are.
known_places='lib/modules/[^/]*/updates|lib/modprobe.d|lib/modules-load.d|usr/s?bin|usr/lib/iptables-ebpf|lib/systemd/system|usr/share/iptables-ebpf'
known_places+="|usr/lib/$multiarch/xtables|usr/share/doc/iptables-ebpf|usr/share/man/man[1-8]|usr/share/bash-completion/completions"
only_known_places()
{
	same "$(cd "$dest" && find . ! -type d | sed 's|^\./||' | grep -vE "^($known_places)/")" ''
}
readable_by_all() { same "$(find "$dest" ! -type d ! -perm -444)" ''; }
files_in() { find "$1" ! -type d; }
module_for() { modinfo -F vermagic "$1" | grep "^$kernel "; }

ktap_plan 16
check "builds for a kernel that is named by its release" make_as_user KVER="$kernel" all
check "installs for it" make_as_user KVER="$kernel" DESTDIR=$dest install
check "the module is under that kernel's updates" installed "lib/modules/$kernel/updates/xt_ebpf.ko"
check "it was built for that kernel" module_for $dest/lib/modules/"$kernel"/updates/xt_ebpf.ko
check "the extension is beside iptables' own" \
	installed usr/lib/"$multiarch"/xtables/libipt_bpf.so usr/lib/"$multiarch"/xtables/libip6t_bpf.so
check "what tells modprobe of the module is where modprobe looks" \
	installed lib/modprobe.d/iptables-ebpf.conf lib/modules-load.d/iptables-ebpf.conf
check "the units for a boot are where systemd looks" \
	installed lib/systemd/system/iptables-ebpf-pins.service usr/lib/iptables-ebpf/closed
check "programs, manual pages and the guide are there" installed usr/lib/iptables-ebpf/examples/port_set.bpf.o \
	usr/share/man/man8/xt_ebpf.8 usr/share/doc/iptables-ebpf/debugging.md
check "nothing is anywhere else" only_known_places
check "everybody can read it" readable_by_all
check "the running system has none of it" same "$(find /lib/modules /lib/mod*.d /usr/lib/iptables-ebpf -name '*ebpf*' 2>/dev/null)" ''

touch $dest/lib/modules/"$kernel"/updates/iptables_trace.ko
check "uninstalls" make_as_user KVER="$kernel" DESTDIR=$dest uninstall
check "leaves nothing" same "$(files_in $dest)" ''

check "the headers can be named by their folder" \
	make_as_user KDIR="/lib/modules/$kernel/build" DESTDIR=$dest modules install-modules
check "which tells the kernel's name" installed "lib/modules/$kernel/updates/xt_ebpf.ko"
check "without headers, it tells what to install" says linux-headers-0.0-none make_as_user KVER=0.0-none modules
ktap_end
