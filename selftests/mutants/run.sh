#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [-k KERNEL] [-l] [NAME...]: breaks the code on purpose, one way at a time, and expects the tests to notice.
#
# Each NAME.patch beside this file is one breakage, with a head of lines "key: value" above the diff:
#
#	breaks: what goes wrong in the world
#	caught-by: SCRIPT: CASE		the test that has to fail (a shell pattern for the case)
#	kernel: NAME			where (default: the first of selftests/vm/kernels); -k overrides it; "host": a script
#					of unit/, on this machine
#	alarm: PATTERN			what the kernel log has to say instead, for what only a checking kernel notices
#
# The cases have to pass on the unbroken code first. Then each patch is applied to a copy of the tree below build/, which
# is built and booted for that one case. A breakage is caught if the case fails, or if the kernel log has the alarm, and
# only then: one that does not apply or does not build, or whose case never ran, is an error. -l only lists them.

set -euo pipefail
mutants_dir=$(cd "$(dirname "$0")" && pwd)
. "$mutants_dir/../vm/lib.sh"

only_kernel='' list=''
while getopts k:l option; do
	case $option in
	k) only_kernel=$OPTARG ;;
	l) list=1 ;;
	*) sed -n 's/^# \{0,1\}//; 4,/^$/p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))

# head_of NAME KEY: the value in the head of a patch.
head_of() { sed -n "/^--- /q; s/^$2: *//p" "$mutants_dir/$1.patch"; }
kernel_of()
{
	local kernel
	kernel=$(head_of "$1" kernel)
	[ "$kernel" = host ] || kernel=${only_kernel:-${kernel:-$(kernel_names | head -n 1)}}
	echo "$kernel"
}
script_of() { head_of "$1" caught-by | sed 's/: .*//'; }
case_of() { head_of "$1" caught-by | sed 's/^[^ ]*: //'; }

names=("$@")
[ $# -gt 0 ] || for patch in "$mutants_dir"/*.patch; do names+=("$(basename "$patch" .patch)"); done
for name in "${names[@]}"; do
	[ -e "$mutants_dir/$name.patch" ] || die "no $name.patch in selftests/mutants"
	[ -n "$(head_of "$name" breaks)" ] && [ -n "$(script_of "$name")" ] || die "$name.patch: no \"breaks:\" or \"caught-by:\""
	[ -z "$list" ] || printf '%-28s %s\n' "$name" "$(head_of "$name" breaks)"
done
[ -z "$list" ] || exit 0

# The copy is of what is here now, committed or not. Only files that differ are written: the rest stays built.
tree=$build_dir/mutants/tree
logs=$build_dir/mutants/logs
copy_tree()
{
	local file
	mkdir -p "$tree" "$logs"
	(cd "$tree" && find . -path ./build -prune -o -type f -print) | while read -r file; do
		[ -e "$top_dir/$file" ] || rm -f "$tree/$file"
	done
	(cd "$top_dir" && git ls-files --cached --others --exclude-standard) | while read -r file; do
		[ -f "$top_dir/$file" ] || continue
		cmp -s "$top_dir/$file" "$tree/$file" && continue
		mkdir -p "$(dirname "$tree/$file")"
		cp "$top_dir/$file" "$tree/$file"
	done
}

# on_host LOG SCRIPT CASE...: builds the tree and runs pairs of script and case; the output is LOG.
on_host()
{
	local log=$1
	shift
	make -s -j"$(nproc)" -C "$tree" user >"$log" 2>&1 || return 3
	while [ $# -gt 0 ]; do
		(cd "$tree/selftests" && TOP_DIR=$tree BUILD_DIR=$tree/build TEST_CASE=$2 bash "./$1") >>"$log" 2>&1 || true
		shift 2
	done
}

# in_guest LOG KERNEL SCRIPT CASE...: the same in a guest.
in_guest()
{
	local log=$1 kernel=$2 command='' product status=0
	shift 2
	product=$("$tree/selftests/vm/product.sh" "$kernel" 2>"$log") || return 3
	while [ $# -gt 0 ]; do
		printf -v command '%sTEST_CASE=%q ./run_tests.sh %q; ' "$command" "$2" "$1"
		shift 2
	done
	"$tree/selftests/vm/run.sh" -q -k "$kernel" -t 3600 -p "$product" -o "$log.d" "$command" >"$log" 2>&1 || status=$?
	cat "$log.d/output.log" >>"$log"
	return $status
}

# run_cases LOG KERNEL SCRIPT CASE...
run_cases()
{
	case $2 in
	host) on_host "$1" "${@:3}" ;;
	*) in_guest "$@" ;;
	esac
}

# verdict LOG CASE: how the case of that name, a pattern, ended: ok, "not ok", or nothing if it did not run.
verdict()
{
	local line name
	while read -r line; do
		[[ $line != *"# SKIP"* && $line =~ ^(ok|not\ ok)\ [0-9]+\ (.*)$ ]] || continue
		name=${BASH_REMATCH[2]}
		# shellcheck disable=SC2053 # a pattern on purpose
		[[ $name == $2 ]] && echo "${BASH_REMATCH[1]}"
	done <"$1" | sort -u | head -n 1
}

# The unbroken code passes every one of those cases, kernel by kernel.
check_unbroken()
{
	local kernel name script cases pairs
	for kernel in $(for name in "${names[@]}"; do kernel_of "$name"; done | sort -u); do
		declare -A cases=()
		pairs=()
		for name in "${names[@]}"; do
			[ "$(kernel_of "$name")" != "$kernel" ] || cases[$(script_of "$name")]+="|$(case_of "$name")"
		done
		for script in "${!cases[@]}"; do pairs+=("$script" "@(${cases[$script]#|})"); done
		step "the same cases on the unbroken code, kernel $kernel"
		run_cases "$logs/unbroken-$kernel" "$kernel" "${pairs[@]}" || true
		for name in "${names[@]}"; do
			[ "$(kernel_of "$name")" = "$kernel" ] || continue
			[ "$(verdict "$logs/unbroken-$kernel" "$(case_of "$name")")" = ok ] ||
				die "\"$(case_of "$name")\" does not pass on the unbroken code (see $logs/unbroken-$kernel)"
		done
	done
}

# try NAME: prints how it went; succeeds if it was caught.
try()
{
	local name=$1 log=$logs/$1 status=0 said alarm
	rm -rf "$log.d"
	if ! patch -s -p1 -F0 --dry-run -d "$tree" <"$mutants_dir/$name.patch" >"$log" 2>&1; then
		echo "error $name: the patch does not apply (see $log)"
		return 1
	fi
	patch -s -p1 -F0 --no-backup-if-mismatch -d "$tree" <"$mutants_dir/$name.patch"
	run_cases "$log" "$(kernel_of "$name")" "$(script_of "$name")" "$(case_of "$name")" || status=$?
	patch -s -p1 -F0 -R -d "$tree" <"$mutants_dir/$name.patch"

	said=$(verdict "$log" "$(case_of "$name")")
	alarm=$(head_of "$name" alarm)
	if [ -n "$alarm" ] && grep -qE "$alarm" "$log.d/console.log" 2>/dev/null; then
		echo "caught $name by the kernel log during $(head_of "$name" caught-by)"
		return 0
	fi
	case $status,$said in
	3,*) echo "error $name: does not build (see $log)" ;;
	*,'not ok')
		echo "caught $name by $(head_of "$name" caught-by)"
		return 0
		;;
	*,ok) echo "MISSED $name: $(head_of "$name" breaks) (see $log)" ;;
	*) echo "error $name: $(head_of "$name" caught-by) did not run (see $log)" ;;
	esac
	return 1
}

copy_tree
check_unbroken
caught=0
for name in "${names[@]}"; do
	! try "$name" || caught=$((caught + 1))
done
echo "$caught of ${#names[@]} caught"
[ $caught = ${#names[@]} ]
