#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: shellcheck has nothing to say about the scripts
. "$(dirname "$0")/../lib.sh"

mapfile -t scripts < <(lint_scripts | cut -d' ' -f2-)
settings=()
[ ! -e .shellcheckrc ] || settings=(.shellcheckrc)
# A script is judged together with those that it reads, so all of them make the key.
look() { shellcheck -f gcc "${scripts[@]}" | sed -E 's/^([^:]+:[0-9]+):[0-9]+:/\1:/' || [ "${PIPESTATUS[0]}" = 1 ]; }
[ ${#scripts[@]} = 0 ] || lint_cached "$(shellcheck --version) $(lint_digest "${scripts[@]}" "${settings[@]}")" look
