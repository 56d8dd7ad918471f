#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What --read says of recordings that have no end, of a part of one, and of one that is still being made; and that messages
# nobody can take end nothing. Needs the source tree, no root and no module.

. lib/ktap.sh
[ -n "${TOP_DIR:-}" ] || skip_all "the tool is built in the source tree"

make -s -C "$TOP_DIR/userspace" BUILD="$BUILD_DIR/userspace" all >/dev/null || exit 1
demo=$TOP_DIR/selftests/trace/golden/demo.json
work=$(mktemp -d)
cleanup_push rm -rf "$work"
export TZ=UTC

# read_it NAME OPTION...: its output, messages and status in $work/NAME.{out,err,status}.
read_it()
{
	"$BUILD_DIR/userspace/iptables-trace" --color never "${@:2}" >"$work/$1.out" 2>"$work/$1.err"
	echo $? >"$work/$1.status"
}
said() { sed 's/^iptables-trace: //' "$work/$1.err"; }
summary_of() { jq -c 'select(.type == "summary") | [.packets, .events, .losses]' "$work/$1.out"; }
shown() { jq -r 'select(.type == "packet") | .packet' "$work/$1.out" | xargs; }
# Everything but the summary.
sed '$d' "$demo" >"$work/cut.json"
jq -c 'if .type == "summary" then .losses = [{"count": 3, "what": "events lost: as a test wants it"}] else . end' "$demo" >"$work/lossy.json"

ktap_plan 27

read_it whole --read "$demo" --format json
check "a whole recording has a whole summary" same "$(summary_of whole) $(<"$work/whole.status")" '[11,171,[]] 0'
read_it cut --read "$work/cut.json" --format json
check "one without an end gets none" same "$(summary_of cut)" ''
check "... and nothing is claimed of what was lost" same "$(said cut)" \
	"the recording has no end, as it was cut off or goes on in another file: what was lost is not known"
read_it cut --read "$work/cut.json" --format pcapng
read_it again --read "$work/cut.out"
check "... nor when it is read again, of a capture file" same "$(said again)" "$(said cut)"
jq -c 'if .type == "rule" then .segment_ns = 7 elif .type == "leave" then .net_ns = 9 else . end' "$work/cut.json" >"$work/timed.json"
read_it cut --read "$work/timed.json" --dearest 3
check "its dearest rules are told all the same" same "$(said cut | sed -n 2p)" "  the dearest rules:"

read_it some --read "$work/lossy.json" --format json -c 4
check "-c shows the first packets, and what they made" same "$(shown some)" "3 1 2 4 5"
check "... with what the recording says of losses" same "$(summary_of some) $(<"$work/some.status")" \
	'[5,171,[{"count":3,"what":"events lost: as a test wants it"}]] 4'
check "... as a message too" same "$(said some)" \
	"5 packets, 171 events; not complete:
  3 events lost: as a test wants it"
cat "$work/lossy.json" "$demo" >"$work/two.json"
read_it two --read "$work/two.json" --format json
check "of several recordings in one the losses are those of all" same "$(summary_of two) $(<"$work/two.status")" \
	'[22,342,[{"count":3,"what":"events lost: as a test wants it"}]] 4'
read_it some --read "$demo" --format json --verdict reject
check "packets of the summary are those that are shown" same "$(shown some) $(summary_of some)" '4 [1,171,[]]'
read_it some --read "$demo" --format line -c 1
check "--format line has lines of no more packets than -c says" same "$(awk '{ split($2, n, "."); print n[1] }' "$work/some.out" | sort -u)" "#3"

cp "$demo" "$work/kept.json"
# shellcheck disable=SC2094 # it is to be refused
read_it same --read - -o "$work/kept.json" <"$work/kept.json"
check "standard input that is the output is refused" same "$(<"$work/same.status") $(said same)" \
	"2 --read -: it cannot be the output too"
check "... and stays as it was" cmp "$work/kept.json" "$demo"
cp "$demo" "$work/kept.json.1"
read_it same --read "$work/kept.json.1" -o "$work/kept.json" --rotate 1M
check "what --rotate would rename is refused" same "$(<"$work/same.status") $(said same)" \
	"2 --read $work/kept.json.1: --rotate would rename it, as it is one of the files of $work/kept.json"
read_it same --read "$work/kept.json.1" -o "$work/kept.json" --rotate 1M --keep 1
check "... and not where no such file is kept" same "$(<"$work/same.status")" 0

jq -c 'select(.type != "rule" or .what == "rule")' "$demo" >"$work/rules.json"
read_it rules --read "$work/rules.json"
# hotdrops NAME: how often the tree says so; and how often that a packet was dropped at all.
hotdrops() { echo "$(<"$work/$1.status"): $(grep -c hotdrop "$work/$1.out"), $(grep -c 'DROP in ' "$work/$1.out")"; }
check "where events are left out no drop is said to be of a match" same "$(hotdrops rules)" "0: 0, 3"
read_it rules --read "$demo" --rules-only --format json
read_it again --read "$work/rules.out"
check "... as --rules-only does" same "$(hotdrops again)" "0: 0, 3"

# A recording that comes bit by bit: its first two packets, and the rest when these are shown.
mkfifo "$work/pipe"
"$BUILD_DIR/userspace/iptables-trace" --color never --read - <"$work/pipe" >"$work/stream.out" 2>"$work/stream.err" &
reader=$!
cleanup_push kill "$reader" 2>/dev/null
exec 5>"$work/pipe"
sed '/"type":"packet"/q' "$demo" >&5
check "a packet of a stream is shown when it has come" wait_until 10 grep -q '^  complete' "$work/stream.out"
sed '1,/"type":"packet"/d' "$demo" >&5
exec 5>&-
wait "$reader"
check "... and the rest behind it" cmp "$work/stream.out" "$TOP_DIR/selftests/trace/golden/demo.tree"
check "... with the summary" same "$(<"$work/stream.err")" "iptables-trace: 11 packets, 171 events, nothing lost"
"$BUILD_DIR/userspace/iptables-trace" --color never --read - -c 1 <"$work/pipe" >"$work/stream.out" 2>"$work/stream.err" &
reader=$!
cleanup_push kill "$reader" 2>/dev/null
exec 5>"$work/pipe"
sed '/"packet":1,"seen"/q' "$demo" >&5
ended() { ! kill -0 "$reader"; }
check "-c ends the reading of a stream" wait_until 10 ended
exec 5>&-
check "... and says what it did not see" same "$(<"$work/stream.err")" \
	"iptables-trace: the recording was not read to its end: what was lost is not known"

"$BUILD_DIR/userspace/iptables-trace" --color never --read "$demo" >"$work/full.out" 2>/dev/full
check "messages that nobody takes end nothing" same "$? $(cmp "$work/full.out" "$TOP_DIR/selftests/trace/golden/demo.tree")" "0 "
"$BUILD_DIR/userspace/iptables-trace" --color never --read "$demo" --format tree -o "$work/closed.out" >&- 2>&- <&-
check "without standard error they do not end in the output" cmp "$work/closed.out" "$TOP_DIR/selftests/trace/golden/demo.tree"
"$BUILD_DIR/userspace/iptables-trace" --color never --read "$demo" >&- 2>/dev/null
check "without standard output there is no success" same "$?" 1
"$BUILD_DIR/userspace/iptables-trace" --help >/dev/full 2>/dev/null
check "... nor where it takes no more" same "$?" 1
"$BUILD_DIR/userspace/iptables-trace" --read "$work/none" 2>/dev/full
check "an error has its status without its message" same "$?" 2
ktap_end
