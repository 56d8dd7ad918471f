#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dkms.conf agrees with the sources, and names the compiler that a kernel was made with, if the machine has it.

. "$(dirname "$0")/../lib/ktap.sh"
[ -n "${TOP_DIR:-}" ] || skip_all "needs the source tree: run it by selftests/host_tests.sh"

work=$(mktemp -d)
cleanup_push rm -rf "$work"

# conf NAME: what the file says, read as DKMS does for kernel headers in $work/headers.
conf()
{
	kernel_source_dir=$work/headers dkms_tree=$work/tree kernelver=6.1 arch=x86_64 action=build \
		bash -c '. "$1"; eval "echo \${$2}"' - "$TOP_DIR/dkms.conf" "$1"
}

version_of_sources() { sed -n 's/.*IPTABLES_EBPF_VERSION "\(.*\)"/\1/p' "$TOP_DIR/kernel/version.h"; }

# What kernel/Kbuild makes for a kernel with these options, asked of make: and what dkms.conf expects of it.
modules_of_kbuild()
{
	# shellcheck disable=SC2016 # make expands it
	printf 'obj := .\nsrc := .\ninclude %s/kernel/Kbuild\nlist:;@echo $(sort $(obj-m:.o=))\n' "$TOP_DIR" |
		make -s -I "$TOP_DIR/kernel" -f - "${@/%/=y}" list
}
modules_of_conf() { conf 'BUILT_MODULE_NAME[*]' | tr ' ' '\n' | sort | xargs; }

# agree OPTION...: on a kernel that has these beside what BUILD_EXCLUSIVE_CONFIG asks for.
agree()
{
	set -- "${@/#/CONFIG_}"
	mkdir -p "$work/headers"
	printf '%s=y\n' "$@" >"$work/headers/.config"
	same "$(modules_of_conf)" "$(modules_of_kbuild CONFIG_NETFILTER_XTABLES CONFIG_BPF_SYSCALL "$@")"
}

# What was built is what is removed, though the headers have gone.
remembers()
{
	local built
	built=$work/tree/iptables-ebpf/$(version_of_sources)/6.1/x86_64/module
	rm -rf "${work:?}"/*
	mkdir -p "$built"
	touch "${@/#/$built/}"
	same "$(modules_of_conf)" "$(cd "$built" && printf '%s\n' * | sed 's/\.ko.*//' | xargs)"
}

# compiler KERNEL-GCC [COMMAND...]: what CC= is for a kernel made with that, on a machine with these compilers beside gcc.
compiler()
{
	local command
	rm -rf "${work:?}"/*
	mkdir -p "$work/headers" "$work/bin"
	[ "$1" = none ] || echo "CONFIG_GCC_VERSION=$1" >"$work/headers/.config"
	for command in "${@:2}"; do
		printf '#!/bin/sh\n' >"$work/bin/$command"
		chmod +x "$work/bin/$command"
	done
	(PATH=$work/bin:$PATH conf 'MAKE[0]') | grep -o 'CC=[^ ]*' || echo nothing
}

accepts() { [[ $1 =~ $(conf BUILD_EXCLUSIVE_KERNEL) ]]; }
accepts_all() { for release in "$@"; do accepts "$release" || { echo "not: $release"; return 1; }; done; }
accepts_none() { for release in "$@"; do ! accepts "$release" || { echo "yes: $release"; return 1; }; done; }

ktap_plan 13
check "the version is that of the sources" same "$(conf PACKAGE_VERSION)" "$(version_of_sources)"
check "the modules are those of kernel/Kbuild on x86-64" agree KRETPROBES X86_64
check "the modules are those of kernel/Kbuild on arm64" agree KRETPROBES ARM64
check "the modules are those of kernel/Kbuild on another machine" agree KRETPROBES RISCV
check "the modules are those of kernel/Kbuild without kretprobes" agree X86_64
check "what was built is removed, though the headers have gone" remembers xt_ebpf.ko iptables_trace.ko.xz
check "what was not built is not missed" remembers xt_ebpf.ko
check "the kernel's compiler, where it is there" same "$(compiler 770300 gcc-77)" CC=gcc-77
check "the machine's own, where it is not" same "$(compiler 770300 gcc-76 gcc-78)" CC=gcc
check "none for a kernel made by clang" same "$(compiler 0 gcc-0)" nothing
check "none where there are no headers" same "$(compiler none)" nothing
check "kernels from 5.10 on" accepts_all 5.10.0-46-cloud-amd64 5.10.262 5.15.0 6.1.0-56-amd64 6.12.117+deb12 7.3.4 10.0.1
check "no kernel before that" accepts_none 5.9.16 5.1.0 5.4.0-200-generic 4.19.0 4.14.10 3.10.0 2.6.32
ktap_end
