#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: nothing is left for later
. "$(dirname "$0")/../lib.sh"

mapfile -t files < <(lint_files '*')
lint_grep 'left for later' '\b(TO''DO|FIX''ME|XX''X)\b' "${files[@]}"
lint_grep 'a merge that was not finished' '^(<<<<<<<|>>>>>>>) ' "${files[@]}"
