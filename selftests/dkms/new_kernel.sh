#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the installation of a kernel brings: the modules, nothing where they do not fit, and an error where they do not
# build. The kernel's packages run /etc/kernel/postinst.d, and a script that fails there stops them.

. "$(dirname "$0")/../lib/ktap.sh"
. "$(dirname "$0")/../lib/private_root.sh"
private_root 6.12 6.1

tree=$("$TOP_DIR/packaging/dkms-source.sh" /usr/src)
version=${tree##*-}
dkms add iptables-ebpf/"$version" >/dev/null

# kernel_installed RELEASE: as the kernel's package does it.
kernel_installed() { run-parts --exit-on-error --arg="$1" /etc/kernel/postinst.d; }

# has KERNEL [MODULE...]: these modules of ours, and no others.
has()
{
	same "$(find "/lib/modules/$1/updates" -name '*.ko*' 2>/dev/null | sed 's|.*/||; s/\.ko.*//' | sort | xargs)" "${*:2}"
}

# needs_help: why dkms.conf does more than to say BUILD_EXCLUSIVE_CONFIG, of which DKMS 3.0 alone makes an error.
needs_help()
{
	local expected=0 status=0
	[[ $(dkms --version) != dkms-3.0.* ]] || expected=1
	cp "$tree/dkms.conf" /tmp/dkms.conf
	sed -i '/= autoinstall \]; then/,/^fi/d' "$tree/dkms.conf"
	kernel_installed "$1" || status=1
	cp /tmp/dkms.conf "$tree/dkms.conf"
	same "$status" "$expected"
}

only_dkms() { find /etc/kernel/postinst.d -type f ! -name dkms -delete; }
only_dkms
k612=$(release 6.12)
k61=$(release 6.1)
old=5.9.16-test
mkdir -p /lib/modules/$old
ln -s "$(readlink -f "$(kernel_dir 6.1)/headers")" /lib/modules/$old/build

ktap_plan 16
without 6.12 CONFIG_BPF_SYSCALL
check "a kernel without what the modules need is installed all the same" kernel_installed "$k612"
check "it gets no module" has "$k612"
check "it is told why" says "not for kernel $k612" kernel_installed "$k612"
check "asked to build for it by name, DKMS says that it fits not" says BUILD_EXCLUSIVE \
	dkms build iptables-ebpf/"$version" -k "$k612"
check "a kernel before 5.10 is installed all the same" kernel_installed $old
check "it gets no module either" has $old

check "a kernel that fits is installed" kernel_installed "$k61"
check "it gets the modules" has "$k61" iptables_trace xt_ebpf
check "one that does not fit is still installed, though another does" kernel_installed "$k612"

check "DKMS 3.0 would have failed but for dkms.conf, later ones would not" needs_help "$k612"

without 6.12 CONFIG_KRETPROBES
check "a kernel that cannot be traced is installed" kernel_installed "$k612"
check "it gets the match" has "$k612" xt_ebpf
dkms remove iptables-ebpf/"$version" -k "$k612" >/dev/null
check "which can be removed" has "$k612"

rm "/lib/modules/$k612/build"
check "a kernel without headers is installed, and told of them" says "headers for this kernel" kernel_installed "$k612"

without 6.12 CONFIG_KRETPROBES
echo '#error does not build' >>"$tree/kernel/match_v1.c"
check_not "where a module does not build, the installation of the kernel says so" kernel_installed "$k612"
check "and leaves no half of it" has "$k612"
ktap_end
