#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run_tests.sh [-l] [-f LIST] [-p I/N] [PATTERN...]: runs the test scripts of the file LIST (default "tests") beside this one
# whose names match one of the shell patterns (all without one) and prints KTAP; -p: of N equal parts the I-th, each takes
# every N-th; -l only lists them. Needs root for what touches the kernel. The last line counts cases. A script that dies, or
# runs out of time, fails as one case more; TEST_TIMEOUT sets how many seconds that is (default: settings).

cd "$(dirname "$0")" || exit 1

timeout=${TEST_TIMEOUT:-$(($(sed -n 's/^timeout=//p' settings) * ${TEST_SLOWNESS:-1}))}

selected()
{
	local pattern
	[ $# -gt 1 ] || return 0
	for pattern in "${@:2}"; do
		# shellcheck disable=SC2053 # a pattern on purpose
		[[ $1 == $pattern ]] && return 0
	done
	return 1
}

list='' file=tests part=1/1
while getopts lf:p: option; do
	case $option in
	l) list=1 ;;
	f) file=$OPTARG ;;
	p) part=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

tests=() number=0
while read -r test; do
	selected "$test" "$@" || continue
	[ $((number++ % ${part#*/})) != $((${part%/*} - 1)) ] || tests+=("$test")
done < <(grep . "$file")

if [ -n "$list" ]; then
	printf '%s\n' "${tests[@]}"
	exit 0
fi
[ ${#tests[@]} -gt 0 ] || { echo "run_tests.sh: no test matches: $*" >&2; exit 1; }

output=$(mktemp)
trap 'rm -f "$output"' EXIT

passed=0 failed=0 skipped=0 number=0 bad=0
printf 'TAP version 13\n1..%d\n' ${#tests[@]}
for test in "${tests[@]}"; do
	number=$((number + 1))
	echo "# $test"
	began=$SECONDS
	# Own process group: nothing that a test leaves behind outlives its time.
	timeout -k 5 "$timeout" bash "./$test" 2>&1 </dev/null | tee "$output" | sed 's/^/    /'
	status=${PIPESTATUS[0]}
	fail=$(grep -c '^not ok ' "$output")
	skip=$(grep -c '^ok .*# SKIP' "$output")
	pass=$(($(grep -c '^ok ' "$output") - skip))
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$output" | head -n 1)
	# A whole script skipped.
	[ "$planned" != 0 ] || [ "$status" != 4 ] || skip=1
	case $status in
	0 | 4) [ "${planned:-0}" -gt 0 ] || [ "$status" = 4 ] || status=1 ;;
	124 | 137) echo "    # out of time: $timeout s" ;;
	esac
	if [ "$status" != 0 ] && [ "$status" != 4 ] && [ "$fail" = 0 ]; then
		echo "    # died with status $status, ${planned:-no} cases planned"
		fail=1
	fi
	echo "    # took $((SECONDS - began)) s"
	passed=$((passed + pass)) failed=$((failed + fail)) skipped=$((skipped + skip))
	case $status in
	0) echo "ok $number $test" ;;
	4) echo "ok $number $test # SKIP" ;;
	*)
		echo "not ok $number $test"
		bad=1
		;;
	esac
done
[ "$failed" = 0 ] || bad=1
echo "$passed passed, $failed failed, $skipped skipped"
exit $bad
