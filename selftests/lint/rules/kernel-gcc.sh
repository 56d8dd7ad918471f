#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: the modules compile without a warning, W=1, for each kernel of selftests/vm/kernels
. "$(dirname "$0")/../lib.sh"
. "$lint_dir/kbuild.sh"

for kernel in $(lint_kernels); do
	lint_kbuild "$kernel" W=1 KCFLAGS=-Werror
done | sort -u
