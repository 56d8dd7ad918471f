#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: sparse has nothing to say about the modules
. "$(dirname "$0")/../lib.sh"
. "$lint_dir/kbuild.sh"

lint_kbuild "$(lint_default_kernel)" C=2
