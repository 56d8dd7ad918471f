#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [KERNEL]: `make demo`. Installs what it needs, builds everything, boots a distribution kernel in a virtual
# machine, and shows the main job there.

set -euo pipefail
. "$(dirname "$0")/../vm/lib.sh"

kernel=${1:-$(kernel_names | head -n 1)}
started=$SECONDS
"$top_dir/selftests/deps.sh"
known_kernel "$kernel"
"$vm_dir/fetch-kernel.sh" "$kernel" >/dev/null
"$vm_dir/fetch-userland.sh" >/dev/null
step "building the modules for $(cat "$("$vm_dir/fetch-kernel.sh" "$kernel")/release") and the rest"
product=$("$vm_dir/product.sh" "$kernel")
install -D -m 755 "$top_dir/selftests/demo/guest.sh" "$product/selftests/demo/guest.sh"
"$vm_dir/layer.sh" "$product" "$product.zst"
step "booting it in a virtual machine"
out=$build_dir/demo
if "$vm_dir/run.sh" -k "$kernel" -p "$product" -o "$out" -t 300 demo/guest.sh; then
	say
	say "The demonstration went as it should ($((SECONDS - started)) s). A shell in the same guest: selftests/vm/run.sh -s"
else
	die "the demonstration failed; what was said is in ${out#"$top_dir/"}"
fi
