#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: nobody asks for the kernel's version; kernel/compat asks for what the kernel has
. "$(dirname "$0")/../lib.sh"

mapfile -t sources < <(lint_files '*.c' '*.h' '*.cc')
lint_grep 'a version test: make it a question of kernel/compat/tests' \
	'\b(LINUX_VERSION_CODE|LINUX_KERNEL_VERSION|KERNEL_VERSION|RHEL_RELEASE_(CODE|VERSION)|UTS_RELEASE)\b|<linux/version\.h>' \
	"${sources[@]}"
mapfile -t kbuild < <(lint_files 'kernel/*Kbuild*' 'kernel/*Makefile*' Kbuild)
lint_grep 'a version test: make it a question of kernel/compat/tests' \
	'\b(VERSION|PATCHLEVEL|SUBLEVEL|KERNELRELEASE|KERNELVERSION)\b' "${kbuild[@]}"
