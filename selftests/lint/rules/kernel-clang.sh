#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: the modules compile with clang too, without a warning
#
# A kernel made with clang is not among those that the distribution has; what clang has to say about the modules' own
# code, and whether kernel/compat understands its words, shows with any headers.
. "$(dirname "$0")/../lib.sh"
. "$lint_dir/kbuild.sh"

for kernel in $(lint_kernels); do
	lint_kbuild "$kernel" CC="$lint_dir/clang-for-gcc-headers" KCFLAGS=-Werror
done | sort -u
