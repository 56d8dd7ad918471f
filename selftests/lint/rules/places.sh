#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule: no mirror, and no folder of somebody's machine, is written down
. "$(dirname "$0")/../lib.sh"

mapfile -t files < <(lint_files '*')
lint_grep 'a mirror: apt knows the one to use' \
	'\b(deb|security|ftp|archive|snapshot|cdn|mirror)[a-z.-]*\.(debian\.[a-z]+|ubuntu\.com|kernel\.org)' "${files[@]}"
lint_grep 'a folder of one machine' '(^|[^[:alnum:]_.$})*/-])/(work|root|home|Users)(/[[:alnum:]._-]+|\b)' "${files[@]}"
