#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: where a check is switched off in a source, the line says why
. "$(dirname "$0")/../lib.sh"

mapfile -t files < <(lint_files '*.c' '*.h' '*.cc' '*.sh' '*/run' '*/init')
lint_grep 'no reason given ("# shellcheck disable=SC1 # reason")' \
	'shellcheck disable=[SC0-9,]+ *$' "${files[@]}"
lint_grep 'no reason given ("NOLINT(check): reason")' \
	'NOLINT(NEXTLINE|BEGIN)?(\([^)]*\) *:? *)?$' "${files[@]}"
