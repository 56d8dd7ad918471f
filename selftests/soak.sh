#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak.sh [-k KERNEL] [PACKETS [TEST...]]: `make soak`, what is too long for `make check-all`: PACKETS (default 100,000) through
# the thousand rules of trace/thousand_rules.sh and, with --explain, through the 5,000 of trace/explain.sh, once for each family,
# in a guest (default: the first kernel of selftests/vm/kernels). Every event of them is compared with the rules' counters and
# with a second evaluation, as the tests always do. TEST names others, which know TRACE_PACKETS. PACKETS are thousands, 4000
# or more: the first test sends so many at a time, and is to meet many rules. Takes hours. The output is in build/soak/KERNEL.

set -euo pipefail
. "$(dirname "$0")/vm/lib.sh"

kernel=$(kernel_names | head -n 1)
while getopts k: option; do
	case $option in
	k) kernel=$OPTARG ;;
	*) sed -n 's/^# \{0,1\}//; 4,/^$/p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
known_kernel "$kernel"
packets=${1:-100000}
[[ $packets =~ ^[1-9][0-9]*000$ ]] && [ "$packets" -ge 4000 ] || die "PACKETS has to be thousands, 4000 or more, not $packets"
tests=("${@:2}")
[ ${#tests[@]} -gt 0 ] || tests=(trace/thousand_rules.sh trace/explain.sh)

"$top_dir/selftests/deps.sh"
step "building for $kernel"
product=$("$vm_dir/product.sh" "$kernel")
out=$build_dir/soak/$kernel
# A second for each of the packets in all of a test's walks together, and half an hour for all else: far more than it takes.
timeout=$((packets + 1800))
step "sending $packets packets through thousands of rules (at most $((${#tests[@]} * timeout / 3600 + 1)) hours)"
exec "$vm_dir/run.sh" -k "$kernel" -m 2048 -t $((${#tests[@]} * timeout + 300)) -p "$product" -o "$out" \
	"TEST_TIMEOUT=$timeout TRACE_PACKETS=$packets ./run_tests.sh ${tests[*]}"
