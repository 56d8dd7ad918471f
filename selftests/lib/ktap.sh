# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Results in KTAP, the kernel's form of TAP. A test script says how many cases it has, and then each one once:
#
#	ktap_plan 3
#	check "what is true of the thing" command arg...
#	check_not "what must be refused" command arg...
#	ktap_skip "what cannot be seen here" "why not"
#	ktap_end
#
# With TEST_CASE in the environment, a shell pattern, only the cases that it names run and the others are skipped.
# A case whose command fails shows what the command printed. ktap_end ends the script: 0 all passed, 4 all skipped,
# 1 otherwise, and also if fewer or more cases ran than were planned.

ktap_planned=0 ktap_number=0 ktap_failed=0 ktap_skipped=0

ktap_plan()
{
	ktap_planned=$1
	printf 'TAP version 13\n1..%d\n' "$1"
}

# diag: standard input as diagnostic lines.
diag() { sed 's/^/# /'; }

ktap_result()
{
	ktap_number=$((ktap_number + 1))
	printf '%s %d %s\n' "$1" "$ktap_number" "$2"
}

# wanted NAME: the case is one that TEST_CASE names, for preparations that others can do without.
# shellcheck disable=SC2053 # a pattern on purpose
wanted() { [ -z "${TEST_CASE:-}" ] || [[ $1 == $TEST_CASE ]]; }

# check NAME COMMAND...: passes if COMMAND succeeds. COMMAND may be a function; it runs in a subshell without errexit.
check()
{
	local name=$1 said
	shift
	if ! wanted "$name"; then
		ktap_skip "$name" "TEST_CASE names others"
	elif said=$("$@" 2>&1); then
		ktap_result ok "$name"
	else
		[ -z "$said" ] || diag <<<"$said"
		ktap_failed=$((ktap_failed + 1))
		ktap_result 'not ok' "$name"
	fi
}

# check_not NAME COMMAND...: passes if COMMAND fails by itself, not because it cannot be run (126, 127) or was killed.
check_not()
{
	local name=$1
	shift
	check "$name" fails_by_itself "$@"
}

fails_by_itself()
{
	local status=0
	"$@" || status=$?
	[ $status != 0 ] && [ $status -lt 126 ] || {
		echo "expected to fail, ended with $status: $*"
		return 1
	}
}

ktap_skip()
{
	ktap_skipped=$((ktap_skipped + 1))
	ktap_result ok "$1 # SKIP $2"
}

# skip_all REASON: instead of ktap_plan, if the whole script makes no sense here.
skip_all()
{
	printf 'TAP version 13\n1..0 # SKIP %s\n' "$1"
	exit 4
}

ktap_end()
{
	if [ "$ktap_number" != "$ktap_planned" ]; then
		echo "# planned $ktap_planned cases, ran $ktap_number"
		exit 1
	fi
	[ "$ktap_failed" = 0 ] || exit 1
	[ "$ktap_skipped" -lt "$ktap_number" ] || exit 4
	exit 0
}

# cleanup_push COMMAND...: runs when the script ends, the last first.
cleanup_commands=()
cleanup_push()
{
	local quoted
	printf -v quoted '%q ' "$@"
	cleanup_commands=("$quoted" "${cleanup_commands[@]}")
	trap cleanup_run EXIT
}

cleanup_run()
{
	local command
	# Whatever fails, the rest is undone too.
	set +e
	for command in "${cleanup_commands[@]}"; do
		eval "$command" >/dev/null 2>&1
	done
}

# wait_until SECONDS COMMAND...: until COMMAND succeeds, or fails.
wait_until()
{
	local deadline=$((SECONDS + $1 * ${TEST_SLOWNESS:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt "$deadline" ] || {
			echo "waited in vain for: $*"
			return 1
		}
		sleep 0.05
	done
}

# same ACTUAL EXPECTED
same()
{
	[ "$1" = "$2" ] || {
		printf 'have: %s\nwant: %s\n' "$1" "$2"
		return 1
	}
}

# says TEXT COMMAND...: the command prints TEXT, however it ends.
says()
{
	local text=$1 said
	shift
	said=$("$@" 2>&1)
	[[ $said == *"$text"* ]] || {
		printf 'have: %s\nwant: %s\n' "$said" "$text"
		return 1
	}
}
