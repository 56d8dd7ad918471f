#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A trace may go on for days: many more events take no more memory, in any format, live or recorded. Needs the source tree,
# no root and no module.

. lib/ktap.sh
[ -n "${TOP_DIR:-}" ] || skip_all "the tool is built in the source tree"

make -s -C "$TOP_DIR/userspace" BUILD="$BUILD_DIR/userspace" all bench >/dev/null || exit 1
work=$(mktemp -d)
cleanup_push rm -rf "$work"
# The 65,536 packets that a live trace remembers have all been there after the few.
few=800000 many=1600000 recorded_few=40000 recorded_many=200000

# live FORMAT EVENTS: the most memory that so many events took from the ring buffer's bytes to text, in KiB.
live() { "$BUILD_DIR/userspace/throughput" "$1" "$2" | cut -d' ' -f2; }

# again FORMAT RECORDING: the same, for what --read takes.
again()
{
	/usr/bin/python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$BUILD_DIR/userspace/iptables-trace" --format "$1" --read "$2"
}

# as_much KIB KIB: what the allocator keeps varies a little, and of the program's file as much is there as the host likes. Four
# bytes more of each event would be beyond that.
as_much() { echo "$1 KiB, then $2 KiB"; [ "$1" -gt 0 ] && [ "$2" -le $(($1 + $1 * 1 / 100 + 512)) ]; }

ktap_plan 9
for format in tree line json pcapng folded; do
	check "$format, as events come in" as_much "$(live $format $few)" "$(live $format $many)"
done
for record in json pcapng; do
	"$BUILD_DIR/userspace/throughput" $record $recorded_few "$work/few" >/dev/null
	"$BUILD_DIR/userspace/throughput" $record $recorded_many "$work/many" >/dev/null
	for format in tree pcapng; do
		check "$format, out of a recording as $record" as_much "$(again $format "$work/few")" "$(again $format "$work/many")"
	done
done
ktap_end
