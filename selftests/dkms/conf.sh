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

modules_of_kbuild()
{
	sed -n 's/^obj-[^ ]* *[:+]*= *//p' "$TOP_DIR/kernel/Kbuild" | tr ' ' '\n' | sed -n 's/\.o$//p' | sort | xargs
}

# One place and one destination for each.
each_module_has_its_place()
{
	same "$(conf 'BUILT_MODULE_LOCATION[*]' | tr ' ' '\n' | sort | uniq -c | xargs)" "$(modules_of_kbuild | wc -w) kernel/" &&
		same "$(conf 'DEST_MODULE_LOCATION[*]' | tr ' ' '\n' | sort | uniq -c | xargs)" \
			"$(modules_of_kbuild | wc -w) /updates/dkms"
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

ktap_plan 9
check "the version is that of the sources" same "$(conf PACKAGE_VERSION)" "$(version_of_sources)"
check "the modules are those of kernel/Kbuild" \
	same "$(conf 'BUILT_MODULE_NAME[*]' | tr ' ' '\n' | sort | xargs)" "$(modules_of_kbuild)"
check "each module has its place" each_module_has_its_place
check "the kernel's compiler, where it is there" same "$(compiler 770300 gcc-77)" CC=gcc-77
check "the machine's own, where it is not" same "$(compiler 770300 gcc-76 gcc-78)" CC=gcc
check "none for a kernel made by clang" same "$(compiler 0 gcc-0)" nothing
check "none where there are no headers" same "$(compiler none)" nothing
check "kernels from 5.10 on" accepts_all 5.10.0-46-cloud-amd64 5.10.262 5.15.0 6.1.0-56-amd64 6.12.117+deb12 7.3.4 10.0.1
check "no kernel before that" accepts_none 5.9.16 5.1.0 5.4.0-200-generic 4.19.0 4.14.10 3.10.0 2.6.32
ktap_end
