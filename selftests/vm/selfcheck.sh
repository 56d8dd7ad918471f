#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# selfcheck.sh [NAME...]: shows that a run in a virtual machine fails when it must. Every way to fail is provoked once,
# on the kernels NAME of selftests/vm/kernels or "debug" (default: the first of the file). Prints KTAP.

set -euo pipefail
. "$(dirname "$0")/lib.sh"
# shellcheck source=../lib/ktap.sh
. "$top_dir/selftests/lib/ktap.sh"

# build_guest NAME DIR: what run.sh -p takes, with nothing but the module that makes mistakes.
build_guest()
{
	local name=$1 dir=$2 kernel_dir cc
	kernel_dir=$("$vm_dir/fetch-kernel.sh" "$name")
	cc=$(kernel_field "$name" 5 || echo gcc-12)
	rm -rf "$dir"
	mkdir -p "$dir/module" "$dir/guest/selftests"
	cp "$vm_dir"/selfcheck/* "$dir/module/"
	make -C "$kernel_dir/headers" M="$dir/module" CC="$cc" modules >"$dir/build.log" 2>&1 ||
		{ cat "$dir/build.log" >&2; die "the module of selfcheck does not build for $name"; }
	strip --strip-debug "$dir/module/selfcheck.ko"
	cp "$dir/module/selfcheck.ko" "$dir/guest/"
	install -m 755 "$vm_dir/init" "$dir/guest/init"
	"$vm_dir/layer.sh" "$dir/guest" "$dir/guest.zst"
}

# run_guest STATUS PATTERN [RUN_OPTION...] COMMAND: run.sh must end with STATUS, and say PATTERN.
run_guest()
{
	local status=$1 pattern=$2 said got=0
	shift 2
	said=$("$vm_dir/run.sh" -k "$kernel" -p "$dir/guest" -o "$dir/run-$((ktap_number + 1))" -q "$@" 2>&1) || got=$?
	printf '%s\n' "$said"
	echo "run.sh ended with $got, expected $status and \"$pattern\""
	[ "$got" = "$status" ] && grep -qE "$pattern" <<<"$said"
}

# check_mistake NAME PATTERN: the mistake of the module, made by loading it.
check_mistake() { check "$kernel: $1" run_guest 126 "$2" "insmod /selfcheck.ko provoke=$1; rmmod selfcheck"; }

check_every_kernel()
{
	check "$kernel: nothing wrong" run_guest 0 '' 'insmod /selfcheck.ko && rmmod selfcheck'
	check "$kernel: the command's own status" run_guest 7 'ended with status 7' 'exit 7'
	check "$kernel: a command that is not there" run_guest 127 'ended with status 127' 'no-such-command'
	check "$kernel: out of time" run_guest 124 'not done after 40 s' -t 40 'sleep 1000'
	check "$kernel: switched off without a word" run_guest 125 'without a word' 'busybox poweroff -f'
	check "$kernel: another run's success" run_guest 125 'without a word' \
		'echo "guest-0123456789abcdef ended 0"; busybox poweroff -f'
	check "$kernel: panic" run_guest 126 'Kernel panic' 'echo c >/proc/sysrq-trigger'
	check_mistake warn 'WARNING:'
	check_mistake list_del_twice 'list_del corruption'
	check_mistake put_too_often 'refcount_t:'
	check_mistake null_pointer 'BUG: kernel NULL pointer|KASAN: null-ptr-deref'
	check "$kernel: device_reference" run_guest 126 'unregister_netdevice: waiting for dummy0' \
		'insmod /lib/modules/*/kernel/drivers/net/dummy.ko numdummies=1
		insmod /selfcheck.ko provoke=device_reference; ip link del dummy0 &
		for i in {1..60}; do ! dmesg | grep "waiting for dummy0" || break; sleep 1; done'
}

check_debug_kernel()
{
	check_mistake leak 'unreferenced object'
	check_mistake out_of_bounds 'KASAN: slab-out-of-bounds'
	check_mistake use_after_free 'KASAN: slab-use-after-free'
	check_mistake lock_order 'possible circular locking dependency'
	check_mistake lock_without_init 'non-static key'
	check_mistake lock_inside_raw 'Invalid wait context'
	check_mistake sleep_in_atomic 'sleeping function called from invalid context'
	check_mistake rcu_unlocked 'suspicious RCU usage'
	check_mistake cpu_while_preemptible 'using smp_processor_id\(\) in preemptible'
	check_mistake free_active_timer 'ODEBUG: free active'
	check_mistake shift_too_far 'UBSAN: shift-out-of-bounds'
}

[ $# -gt 0 ] || set -- "$(kernel_names | head -n 1)"
planned=0
for kernel; do
	known_kernel "$kernel"
	planned=$((planned + 12))
	[ "$kernel" != debug ] || planned=$((planned + 11))
done
ktap_plan $planned
for kernel; do
	dir=$build_dir/selfcheck/$kernel
	build_guest "$kernel" "$dir"
	check_every_kernel
	[ "$kernel" != debug ] || check_debug_kernel
done
echo "$((ktap_number - ktap_failed)) passed, $ktap_failed failed, 0 skipped"
ktap_end
