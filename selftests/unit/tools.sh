#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The unit tests of the tools, each as a case. Needs the source tree, no root and no module.

. lib/ktap.sh
[ -n "${TOP_DIR:-}" ] || skip_all "the unit tests are built in the source tree"

make -s -C "$TOP_DIR/userspace" BUILD="$BUILD_DIR/userspace" unit-tests >/dev/null || exit 1
output=$(mktemp)
cleanup_push rm -f "$output"
status=0
"$BUILD_DIR/userspace/unit-tests" --gtest_color=no >"$output" 2>&1 || status=$?

ktap_plan "$(sed -n 's/^\[==========\] Running \([0-9]*\) tests\{0,1\} from.*/\1/p' "$output")"
while read -r line; do
	case $line in
	'[       OK ] '*)
		name=${line#*] }
		ktap_result ok "${name% (*}"
		;;
	'[  FAILED  ] '*' ms)')
		name=${line#*] }
		ktap_failed=$((ktap_failed + 1))
		ktap_result 'not ok' "${name% (*}"
		;;
	'['* | Running* | Note*) ;;
	?*) diag <<<"$line" ;;
	esac
done <"$output"
[ $status = 0 ] || [ $ktap_failed -gt 0 ] || { echo "# unit-tests ended with $status"; exit 1; }
ktap_end
