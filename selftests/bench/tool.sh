#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tool.sh [-s] [EVENTS]: what iptables-trace itself costs an event, from the ring buffer's bytes to text: instructions, counted
# by callgrind over so many events (default a million), without what making them costs; and the memory in use after
# that many and after ten times as many. "explain" is the tree with --explain, with a rule that did not match for every five
# events, and a record for each of them instead of one for a walk.
# Fails if tree or json take more than 8,000 instructions, or memory grows. All of it takes long; -s looks at no more
# than the instructions of these two, over 50,000 events, as `make bench` does.

set -euo pipefail
. "$(dirname "$0")/../vm/lib.sh"

short='' formats=(tree explain line json pcapng folded)
if [ "${1:-}" = -s ]; then
	short=1 formats=(tree json)
	shift
fi
events=${1:-$([ -n "$short" ] && echo 50000 || echo 1000000)}
"$top_dir/selftests/deps.sh"
make -s -C "$top_dir/bpf-progs" BUILD="$build_dir/bpf-progs" all
make -s -C "$top_dir/userspace" BUILD="$build_dir/userspace" bench
program=$build_dir/userspace/throughput

# counted FORMAT: instructions for all events.
counted()
{
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$events" 2>&1 |
		sed -nE 's/.*Collected : ([0-9]+).*/\1/p'
}

bad=0
made=$(counted none)
if [ -n "$short" ]; then
	echo "| format | instructions an event |"
	echo "|---|---|"
else
	made_singly=$(counted explain-none)
	echo "| format | instructions an event | memory after $events events, KiB | after $((10 * events)) |"
	echo "|---|---|---|---|"
fi
for format in "${formats[@]}"; do
	taken=$made
	[ "$format" != explain ] || taken=$made_singly
	cost=$((($(counted "$format") - taken) / events))
	case $format in
	tree | json) [ $cost -gt 0 ] && [ $cost -le 8000 ] || bad=1 ;;
	esac
	if [ -n "$short" ]; then
		echo "| $format | $cost |"
		continue
	fi
	read -r _ before < <("$program" "$format" "$events")
	read -r _ after < <("$program" "$format" $((10 * events)))
	echo "| $format | $cost | $before | $after |"
	# What the allocator keeps varies a little.
	[ "$after" -le $((before + before / 10)) ] || bad=1
done
[ $bad = 0 ] || echo "a figure is worse than it may be" >&2
exit $bad
