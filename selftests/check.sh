#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh [--all | --debug | -k KERNEL]: `make check`, `make check-all`, `make check-debug`.
#
#	(nothing)	everything that needs no kernel of ours; all tests on the first kernel of selftests/vm/kernels, and
#			those that selftests/short names on the others
#	--all		the same with all tests on every kernel, and TEST_WHOLE=1 for what is shorter otherwise
#	--debug		all tests on the debug kernel alone
#	-k KERNEL	all tests on that kernel alone
#
# Each stage writes build/check/STAGE.log and ends with a line "N passed, N failed, N skipped"; the last line adds them
# up. A case may be skipped only where selftests/skips says so. Exit status 0 if nothing failed.

set -euo pipefail
. "$(dirname "$0")/vm/lib.sh"

logs=$build_dir/check
mkdir -p "$logs"
rm -f "$logs"/*
started=$SECONDS

total_passed=0 total_failed=0 total_skipped=0

# forbidden_skips KERNEL FILE: prints each skipped case that selftests/skips does not allow on this kernel.
forbidden_skips()
{
	awk -v kernel="$1" '
		FNR == NR {
			if ($0 ~ /^#/ || NF == 0) next
			n = split($0, f, /\t+/)
			if (n < 3) { print "selftests/skips: not three fields: " $0; next }
			if (f[2] == kernel || f[2] == "*") allowed[f[1]] = 1
			next
		}
		{ sub(/\r$/, "") }
		/^# [a-z0-9_]+\/[^ ]+\.sh$/ { script = $2 }
		/^ *ok .*# SKIP/ || /^ *1\.\.0 # SKIP/ {
			what = $0
			sub(/^ *(ok [0-9]+|1\.\.0) ?/, "", what)
			if (what ~ /^[a-z0-9_]+\/[^ ]+\.sh # SKIP$/) next	# the sum of a script, told case by case before
			why = what
			sub(/ *# SKIP.*/, "", what)
			sub(/.*# SKIP */, "", why)
			name = script ": " what
			for (pattern in allowed)
				if (name ~ ("^" pattern "$")) next
			print name " (" why ")"
		}' "$top_dir/selftests/skips" "$2"
}

# A plan that was not carried out to its end: scripts or cases that never ran.
unfinished()
{
	awk '
		{ sub(/\r$/, "") }
		/^ *1\.\.[0-9]+/ {
			indent = match($0, /[^ ]/); split($0, plan, /\.\./)
			check(indent)
			want[indent] = plan[2] + 0; have[indent] = 0
		}
		/^ *(not )?ok [0-9]+ / { have[match($0, /[^ ]/)]++ }
		function check(level) {
			if ((level in want) && have[level] != want[level])
				print "planned " want[level] " and ran " have[level] " before line " NR
		}
		END { for (level in want) check(level) }' "$1"
}

# finish STAGE KERNEL STATUS SECONDS: judges what a stage wrote and reports it.
finish()
{
	local stage=$1 kernel=$2 status=$3 seconds=$4 log=$logs/$1.log sum passed=0 failed=0 skipped=0 bad
	sum=$(tr -d '\r' <"$log" | grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' | tail -n 1) || true
	if [ -n "$sum" ]; then
		read -r passed _ failed _ skipped _ <<<"$sum"
	fi
	bad=$({
		forbidden_skips "$kernel" "$log" | sed 's/^/skipped without leave of selftests\/skips: /'
		unfinished "$log"
	})
	[ -z "$bad" ] || failed=$((failed + $(wc -l <<<"$bad")))
	if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
		bad="ended with status $status"
		failed=1
	fi
	if [ $((passed + failed)) = 0 ]; then
		bad="ran no test"
		failed=1
	fi
	say "==> $stage: $passed passed, $failed failed, $skipped skipped ($seconds s)"
	if [ "$failed" != 0 ]; then
		# With what each case said of itself, which stands before it.
		awk '/not ok /{ for (i = NR - 20; i < NR; i++) if (line[i % 20] ~ /^ *#/) print line[i % 20]; print }
			{ line[NR % 20] = $0 }' <(tr -d '\r' <"$log") | tail -n 60 >&2
		[ -z "$bad" ] || say "$bad"
		[ -n "$sum" ] || tail -n 15 "$log" >&2
		say "    all of it: ${log#"$top_dir"/}"
	fi
	total_passed=$((total_passed + passed))
	total_failed=$((total_failed + failed))
	total_skipped=$((total_skipped + skipped))
}

declare -A stage_pid=() stage_kernel=() stage_start=()

stop_stages()
{
	local pid
	for pid in "${stage_pid[@]}"; do kill -- "-$pid" 2>/dev/null || true; done
}
trap stop_stages EXIT

# start STAGE KERNEL COMMAND...: runs it beside the others.
start()
{
	local stage=$1 kernel=$2
	shift 2
	stage_kernel[$stage]=$kernel
	stage_start[$stage]=$SECONDS
	# In a process group of its own, to be ended with all that it started.
	set -m
	"$@" >"$logs/$stage.log" 2>&1 </dev/null &
	stage_pid[$stage]=$!
	set +m
}

# what_now STAGE: the script that a stage is at.
what_now() { sed -n 's/^# \([a-z0-9_]*\/[^ ]*\.sh\).*/\1/p' "$logs/$1.log" 2>/dev/null | tail -n 1; }

# reap N: returns when fewer than N stages run; tells now and then what they are at.
reap()
{
	local stage status told=$SECONDS now
	while [ ${#stage_pid[@]} -ge "$1" ] && [ ${#stage_pid[@]} -gt 0 ]; do
		for stage in "${!stage_pid[@]}"; do
			kill -0 "${stage_pid[$stage]}" 2>/dev/null && continue
			status=0
			wait "${stage_pid[$stage]}" || status=$?
			unset "stage_pid[$stage]"
			finish "$stage" "${stage_kernel[$stage]}" $status $((SECONDS - stage_start[$stage]))
		done
		if [ $((SECONDS - told)) -ge 20 ]; then
			told=$SECONDS
			for stage in "${!stage_pid[@]}"; do
				now=$(what_now "$stage")
				say "    $stage: ${now:-at work} ($((SECONDS - stage_start[$stage])) s)"
			done
		fi
		sleep 0.2
	done
}

# A machine runs as many stages at once as it has processors; a guest keeps one busy.
slots=$(nproc)
stage()
{
	reap "$slots"
	start "$@"
}

# on_kernel NAME PARTS [PATTERN...]: the tests, in as many guests, each a stage.
on_kernel()
{
	local name=$1 parts=$2 limit=3600 product part label
	shift 2
	[ "$name" != debug ] || limit=7200
	product=$("$vm_dir/product.sh" "$name")
	for ((part = 1; part <= parts; part++)); do
		label=kernel-$name
		[ "$parts" = 1 ] || label=$label.$part
		stage "$label" "$name" "$vm_dir/run.sh" -k "$name" -t $limit -p "$product" -o "$build_dir/vm/$label" \
			"$(printf '%q ' ./run_tests.sh -p "$part/$parts" "$@")"
	done
}

mapfile -t short < <(awk '!/^#/ && NF { print $1 }' "$top_dir/selftests/short")
mapfile -t kernels < <(kernel_names)

"$top_dir/selftests/deps.sh"
case ${1:-} in
--debug)
	"$vm_dir/fetch-kernel.sh" debug >/dev/null
	"$vm_dir/fetch-userland.sh" >/dev/null
	on_kernel debug "$slots"
	stage selfcheck debug "$vm_dir/selfcheck.sh" debug
	;;
-k)
	known_kernel "${2:?-k which kernel?}"
	on_kernel "$2" "$slots"
	;;
'' | --all)
	# What needs nothing that has to be fetched, meanwhile. Then the longest first.
	stage units host "$top_dir/selftests/host_tests.sh" units
	for kernel in "${kernels[@]}"; do "$vm_dir/fetch-kernel.sh" "$kernel" >/dev/null; done
	"$vm_dir/fetch-userland.sh" >/dev/null
	on_kernel "${kernels[0]}" 2
	parts=1
	if [ "${1:-}" = --all ]; then
		export TEST_WHOLE=1
		short=('*') parts=2
		stage selfcheck "${kernels[0]}" "$vm_dir/selfcheck.sh"
	fi
	stage lint host "$top_dir/selftests/lint/run.sh"
	stage dkms host "$top_dir/selftests/host_tests.sh" 'dkms/*'
	for kernel in "${kernels[@]:1}"; do on_kernel "$kernel" $parts "${short[@]}"; done
	;;
*)
	sed -n 's/^# \{0,1\}//; 4,/^$/p' "$0" >&2
	exit 2
	;;
esac
reap 1

say
say "$([ $total_failed = 0 ] && echo 'Everything passed' || echo 'Something failed') ($(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s)."
echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
[ $total_failed = 0 ]
