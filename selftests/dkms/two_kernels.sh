#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# DKMS adds, builds, installs and removes the modules for two kernels, neither of which runs.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../lib/ktap.sh"
. "$(dirname "$0")/../lib/private_root.sh"
private_root 6.12 6.1

tree=$("$TOP_DIR/packaging/dkms-source.sh" /usr/src)
version=${tree##*-}

on_dkms()
{
	dkms "$1" iptables-ebpf/"$version" "${@:2}" || {
		tail -n 20 /var/lib/dkms/iptables-ebpf/"$version"/build/make.log
		return 1
	}
}
file_of() { modinfo -k "$(release "$1")" -F filename xt_ebpf; }
field_of() { modinfo -k "$(release "$1")" -F "$2" xt_ebpf; }

# DKMS compresses where the kernel does.
installed_file()
{
	case $1 in
	6.12) same "$(file_of 6.12)" "/lib/modules/$(release 6.12)/updates/dkms/xt_ebpf.ko.xz" ;;
	*) same "$(file_of "$1")" "/lib/modules/$(release "$1")/updates/dkms/xt_ebpf.ko" ;;
	esac
}

built_for() { field_of "$1" vermagic | grep -q "^$(release "$1") "; }

signed_by_dkms() { same "$(field_of "$1" signer)" "DKMS module signing key"; }

# What x_tables asks for brings the in-tree module and ours.
answers_to_aliases()
{
	local alias
	for alias in ipt_bpf ip6t_bpf; do
		same "$(modprobe -S "$(release "$1")" -R "$alias" | sort | xargs)" "xt_bpf xt_ebpf" || return
	done
	same "$(modprobe -S "$(release "$1")" -R ebt_bpf)" xt_ebpf
}


nothing_left()
{
	same "$(find /lib/modules -name '*xt_ebpf*')" '' &&
		same "$(ls -d /var/lib/dkms/iptables-ebpf* 2>/dev/null)" '' &&
		same "$(dkms status iptables-ebpf)" ''
}

same_as_before() { same "$(modules_of "$1")" "${before[$1]}"; }
modules_of() { (cd "/lib/modules/$(release "$1")" && find . ! -name 'modules.*' | sort); }

declare -A before
for kernel in 6.12 6.1; do before[$kernel]=$(modules_of $kernel); done

ktap_plan 19
check "DKMS takes the source" on_dkms add
for kernel in 6.12 6.1; do
	check "$kernel: builds" on_dkms build -k "$(release $kernel)"
	check "$kernel: a build alone installs nothing" same_as_before $kernel
	check "$kernel: installs" on_dkms install -k "$(release $kernel)"
	check "$kernel: the module is where DKMS puts it" installed_file $kernel
	check "$kernel: built for that kernel" built_for $kernel
	check "$kernel: signed with the key of DKMS" signed_by_dkms $kernel
	check "$kernel: found by the names that x_tables asks for" answers_to_aliases $kernel
done
check "removed for one kernel" on_dkms remove -k "$(release 6.1)"
check "the other one keeps it" installed_file 6.12
check "removed for all" on_dkms remove --all
check "nothing is left" nothing_left
ktap_end
