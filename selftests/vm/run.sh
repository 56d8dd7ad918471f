#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [OPTION...] [COMMAND...]: boots a distribution kernel in a virtual machine without KVM or network, with the
# project as `make install` leaves it, and runs COMMAND there, in /selftests.
#
#	-k NAME		the kernel, a name of selftests/vm/kernels, or "debug" (default: the first)
#	-s		a shell instead of COMMAND; leave it with exit
#	-t SECONDS	how long the guest may take (default 600, debug 3600; no limit with -s)
#	-o DIR		where console.log and output.log go (default build/vm/NAME)
#	-c N		CPUs (default 2)
#	-m MIB		memory (default 1024, debug 2048)
#	-i		count instructions: one a nanosecond of guest time, so that figures repeat exactly; one CPU
#	-j		each CPU is a thread of the host's, so that they run at once (default: in turns, which repeats better)
#	-p DIR		a folder as `make install DESTDIR=` made it (default: build and install what is here)
#	-a ARG		one more argument for the kernel's command line
#	-q		do not show the guest's output while it runs
#
# Exit status: 0 only if the guest said in time that COMMAND ended with 0 and the kernel log is clean; COMMAND's own
# status if that is all that went wrong; 124 out of time; 125 the machine died without a word; 126 the kernel log has
# a warning, which is shown.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

kernel=$(kernel_names | head -n 1)
interactive='' seconds='' out='' cpus=2 memory='' icount='' threads=single product='' append='' quiet=''
while getopts k:st:o:c:m:ijp:a:q option; do
	case $option in
	k) kernel=$OPTARG ;;
	s) interactive=1 ;;
	t) seconds=$OPTARG ;;
	o) out=$OPTARG ;;
	c) cpus=$OPTARG ;;
	m) memory=$OPTARG ;;
	i) icount=1 cpus=1 ;;
	j) threads=multi ;;
	p) product=$OPTARG ;;
	a) append="$append $OPTARG" ;;
	q) quiet=1 ;;
	*) sed -n 's/^# \{0,1\}//; 4,/^$/p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ -n "$interactive" ] || [ $# -gt 0 ] || die "neither a command nor -s: see the head of $0"

known_kernel "$kernel"
slowness=1
if [ "$kernel" = debug ]; then
	# Its checks cost time and memory, and the first warning ends the run: what follows would only be its consequences.
	slowness=5
	seconds=${seconds:-3600} memory=${memory:-2048} append=" panic_on_warn=1 watchdog_thresh=60$append"
fi
seconds=${seconds:-600} memory=${memory:-1024}
# On a busy host the guest can measure its time stamp counter wrong, several times too slow; the HPET says its own rate.
[ -n "$icount" ] || append=" clocksource=hpet$append"
# An emulated timer is there, also where a busy host lets no tick of it come while the kernel looks.
append=" no_timer_check$append"
kernel_dir=$("$vm_dir/fetch-kernel.sh" "$kernel")
userland=$("$vm_dir/fetch-userland.sh")
[ -n "$product" ] || product=$("$vm_dir/product.sh" "$kernel")
out=${out:-$build_dir/vm/$kernel}
mkdir -p "$out"

# Logs are written in a folder of this run's own and moved when it ends: two runs of one kernel do not mix.
work=$(mktemp -d "${TMPDIR:-/tmp}/iptables-ebpf-vm.XXXXXX")
trap 'mv -f "$work"/*.log "$out/" 2>/dev/null; rm -rf "$work"' EXIT

# A number that no earlier output can hold.
token="guest-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ') ended"
mkdir -p "$work/run/vm"
echo "$token" >"$work/run/vm/token"
printf '%s\n' "export TEST_SLOWNESS=$slowness" "$*" >"$work/run/vm/command"
[ -z "$interactive" ] || touch "$work/run/vm/interactive"
"$vm_dir/layer.sh" "$work/run" "$work/run.zst"
layers=("$userland/layer.zst" "$kernel_dir/layer.zst" "$product.zst" "$work/run.zst")
# The debug kernel takes seconds to decompress what the host does at once.
if [ "$kernel" = debug ]; then zstd -dcq "${layers[@]}"; else cat "${layers[@]}"; fi >"$work/initrd"

accel=tcg,thread=$threads
# With a fifth level of page tables, which nothing here is about, all takes a quarter longer. A kernel that takes the processor's
# own string instructions for the fastest has an emulator copy byte by byte; where instructions are counted, it is as elsewhere.
cpu=max,la57=off
[ -n "$icount" ] || cpu=$cpu,erms=off,fsrm=off
machine=(qemu-system-x86_64 -nodefaults -no-user-config -display none -M q35 -cpu "$cpu" -m "$memory" -smp "$cpus"
	-no-reboot -kernel "$kernel_dir/vmlinuz" -initrd "$work/initrd"
	-append "console=ttyS0 panic=-1 loglevel=7 printk.devkmsg=on$append")
# shellcheck disable=SC2054 # again
[ -z "$icount" ] || machine+=(-icount shift=0,sleep=off)

if [ -n "$interactive" ]; then
	"${machine[@]}" -accel $accel -serial "file:$work/console.log" -serial mon:stdio
	exit
fi

: >"$work/output.log"
[ -n "$quiet" ] || { tail -n +1 -f "$work/output.log" --pid=$$ 2>/dev/null | sed -u "s/\r\$//; /^$token/d" & }
status=0
timeout -k 5 "$seconds" "${machine[@]}" -accel $accel \
	-serial "file:$work/console.log" -serial "file:$work/output.log" </dev/null >"$work/qemu.log" 2>&1 || status=$?
[ -n "$quiet" ] || sleep 0.2

# Serial lines end with CR LF.
sed -i 's/\r$//' "$work/console.log" "$work/output.log"
said=$(sed -n "s/^$token //p" "$work/output.log")

if grep -nE -f <(grep -v '^#' "$vm_dir/alarms") "$work/console.log" >"$work/alarms.log"; then
	say "kernel $kernel: the kernel log holds (see $out/console.log):"
	head -n 20 "$work/alarms.log" >&2
	exit 126
fi
if [ -z "$said" ]; then
	[ $status != 124 ] || { say "kernel $kernel: not done after $seconds s (see $out)"; exit 124; }
	say "kernel $kernel: the machine ended without a word (see $out; qemu: $(tail -n1 "$work/qemu.log"))"
	exit 125
fi
[ "$said" = 0 ] || say "kernel $kernel: \"$*\" ended with status $said"
exit "$said"
