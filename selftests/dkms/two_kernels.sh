#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# DKMS adds, builds, installs and removes the modules for two kernels, neither of which runs.

. "$(dirname "$0")/../lib/ktap.sh"
. "$(dirname "$0")/../lib/private_root.sh"
private_root 6.12 6.1

modules="xt_ebpf iptables_trace"
tree=$("$TOP_DIR/packaging/dkms-source.sh" /usr/src)
version=${tree##*-}

on_dkms()
{
	dkms "$1" iptables-ebpf/"$version" "${@:2}" || {
		tail -n 20 /var/lib/dkms/iptables-ebpf/"$version"/build/make.log
		return 1
	}
}

# each_module KERNEL FIELD WANT: what modinfo says of each module on that kernel; "%" in WANT stands for the module's name.
each_module()
{
	local module
	for module in $modules; do
		same "$(modinfo -k "$(release "$1")" -F "$2" "$module" | cut -d' ' -f1-4)" "${3//%/$module}" || return
	done
}

# DKMS compresses where the kernel does.
installed_file()
{
	local suffix=''
	[ "$1" != 6.12 ] || suffix=.xz
	each_module "$1" filename "/lib/modules/$(release "$1")/updates/dkms/%.ko$suffix"
}

built_for() { each_module "$1" vermagic "$(release "$1") SMP preempt mod_unload"; }

# What x_tables asks for brings the in-tree module and ours.
answers_to_aliases()
{
	local alias
	for alias in ipt_bpf ip6t_bpf; do
		same "$(modprobe -S "$(release "$1")" -R "$alias" | sort | xargs)" "xt_bpf xt_ebpf" || return
	done
	same "$(modprobe -S "$(release "$1")" -R ebt_bpf)" xt_ebpf
}

files_of() { (cd "/lib/modules/$(release "$1")" && find . ! -name 'modules.*' ! -name build | sort); }
same_as_before() { same "$(files_of "$1")" "${before[$1]}"; }
nothing_left()
{
	same_as_before 6.12 && same_as_before 6.1 && same "$(dkms status iptables-ebpf)" '' &&
		same "$(find /var/lib/dkms -name 'iptables-ebpf*')" ''
}

declare -A before
for kernel in 6.12 6.1; do before[$kernel]=$(files_of $kernel); done

ktap_plan 19
check "DKMS takes the source" on_dkms add
for kernel in 6.12 6.1; do
	check "$kernel: builds" on_dkms build -k "$(release $kernel)"
	check "$kernel: a build alone installs nothing" same_as_before $kernel
	check "$kernel: installs" on_dkms install -k "$(release $kernel)"
	check "$kernel: the modules are where DKMS puts them" installed_file $kernel
	check "$kernel: built for that kernel" built_for $kernel
	check "$kernel: signed with the key of DKMS" each_module $kernel signer "DKMS module signing key"
	check "$kernel: xt_ebpf is found by the names that x_tables asks for" answers_to_aliases $kernel
done
rm "/lib/modules/$(release 6.1)/build"
check "removed for a kernel whose headers have gone" on_dkms remove -k "$(release 6.1)"
check "the other one keeps them" installed_file 6.12
check "removed for all" on_dkms remove --all
check "nothing is left" nothing_left
ktap_end
