#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A recorded trace in every format, as kept in trace/golden, and what other programs make of what the tool writes: the schema,
# Wireshark's tools, a flame graph. trace/formats.sh makes such recordings on live kernels. Needs the source tree, no root and
# no module.

. lib/ktap.sh
[ -n "${TOP_DIR:-}" ] || skip_all "the tool is built in the source tree"

make -s -C "$TOP_DIR/userspace" BUILD="$BUILD_DIR/userspace" all unit-tests >/dev/null || exit 1
golden=$TOP_DIR/selftests/trace/golden
schema=$TOP_DIR/userspace/schema/iptables-trace.schema.json
work=$(mktemp -d)
cleanup_push rm -rf "$work"
export TZ=UTC

read_as() { "$BUILD_DIR/userspace/iptables-trace" --color never --read "$1" --format "$2" 2>/dev/null; }
# validate [--all] FILE, by Debian's own Python, which has the library.
validate() { /usr/bin/python3 "$TOP_DIR/selftests/unit/validate.py" "${@:1:$#-1}" "$schema" "${*: -1}"; }
tshark_as() { tshark -r "$work/demo.pcapng" "$@" 2>/dev/null; }

for format in json pcapng folded; do read_as "$golden/demo.json" $format >"$work/demo.$format"; done

all_types='types: start ruleset nft_ruleset enter matches rule leave packet summary'
mapfile -t packets < <(jq -r 'select(.type == "enter") | .packet' "$work/demo.json")

# refuses FILTER: what a program of jq's makes of the samples is not as the schema says.
refuses()
{
	jq -c "$1" "$work/samples" >"$work/changed"
	fails_by_itself validate "$work/changed" >"$work/said"
}

# on_terminal VARIABLE=VALUE...: the recording as a terminal of 60 columns gets it.
on_terminal()
{
	env TERM=xterm "$@" script -qec "stty cols 60; exec '$BUILD_DIR/userspace/iptables-trace' --read '$golden/demo.json' 2>&-" /dev/null </dev/null |
		tr -d '\r'
}
without_colours() { sed 's/\x1b\[[0-9;]*m//g'; }

# Every walk's comment names the rules that the recording has for it.
comments_hold_rules()
{
	tshark_as -T fields -e frame.comment | sed 's/\\n/\n/g' | grep -oE ' +[0-9]+  -A .*' | sed 's/^ *//' >"$work/have"
	jq -r 'select(.type == "rule" and .what == "rule") | "\(.number)  \(.text)"' "$work/demo.json" >"$work/want"
	[ -s "$work/want" ] && cmp <(sort "$work/have" | tr -d '\134') <(sort "$work/want" | tr -d '\134')
}

# The frames of a flame graph are the beginnings of all stacks, whole; "all" is below them.
flame_graph_holds_every_frame()
{
	perl /usr/share/perl5/Devel/NYTProf/flamegraph.pl --minwidth=0 "$work/demo.folded" >"$work/svg" || return 1
	sed -nE 's/.*<title>(.*) \(.*\)<.*/\1/p' "$work/svg" | sed 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' | sort >"$work/have"
	{
		echo all
		awk '{ sub(/ [0-9]+$/, "")
			n = split($0, frame, ";")
			for (stack = ""; i < n; seen[stack] = frame[i]) stack = stack ";" frame[++i]
			i = 0 }
			END { for (stack in seen) print seen[stack] }' "$work/demo.folded"
	} | sort >"$work/want"
	diff "$work/have" "$work/want"
}

ktap_plan 33
for from in json pcapng; do
	for to in tree line json pcapng folded; do
		check "$from as $to" cmp "$golden/demo.$to" <(read_as "$golden/demo.$from" $to)
	done
done

# The demo is of iptables-legacy, and without --explain.
demo_types=${all_types/matches /}
check "the recording holds every type of object that it should, and each is as the schema says" \
	same "$(validate "$work/demo.json")" "${demo_types/nft_ruleset /}"
SAMPLES=$work/samples "$BUILD_DIR/userspace/unit-tests" --gtest_brief=1 --gtest_filter=RecordTest.json_lines_are_objects >/dev/null
check "so is every field and every word that can be, each of which occurs" same "$(validate --all "$work/samples")" "$all_types"
for type in ${all_types#types: }; do
	check "the schema knows every field of $type" refuses "if .type == \"$type\" then .surprise = 1 else . end"
done
# Be it of ARP where it cannot be, or not of ARP where nothing else can.
arp_stays_in_its_place()
{
	local change
	for change in 'del(.nft_family)' '.nft_family = "inet"' '.hook = "FORWARD"' '.family = "ipv4"' '.ip = .arp' 'del(.arp)'; do
		refuses "if .type == \"enter\" and .family == \"arp\" then $change else . end" || { echo "$change" | diag; return 1; }
	done
	refuses 'if .type == "rule" and .family == "ipv4" then .nft_family = "arp" else . end'
}
check "the schema knows where packets of ARP can be" arp_stays_in_its_place

check "tshark reads each packet, once for each table that it entered" same "$(tshark_as -T fields -e frame.number | wc -l)" "${#packets[@]}"
check "tshark reads the rule path of each as its comment" comments_hold_rules
check "tshark reads each packet's number" same "$(tshark_as -T fields -e frame.packet_id | xargs)" "${packets[*]}"
check "tshark dissects without complaint about the file" same "$(tshark -r "$work/demo.pcapng" 2>&1 >/dev/null | grep -v 'Running as user')" ""
check "tshark sees NAT between tables" same \
	"$(tshark_as -Y 'udp.dstport == 5353 && !icmp' -T fields -e ip.src -e ip.dst | sort -u | xargs -d '\n')" \
	$'192.0.2.1\t198.51.100.2'
check "capinfos knows times to the nanosecond, the tool and the interfaces" same \
	"$(capinfos "$work/demo.pcapng" | sed -nE 's/^(File timestamp precision|Capture application|Number of interfaces in file): *//p' | xargs -d '\n')" \
	"nanoseconds (9) iptables-trace 0.1.0 2"
check "a terminal gets colours" test "$(on_terminal | grep -c $'\e\\[31mDROP')" -gt 0
check "... but not with NO_COLOR" same "$(on_terminal NO_COLOR=1)" "$(on_terminal | without_colours)"
# Continuation bytes of UTF-8 take no column.
check "... and lines that are as wide as it is" same "$(on_terminal | without_colours | tr -d '\200-\277' |
	awk '{ if (length > most) most = length } END { print (most > 60), (most > 50) }')" "0 1"

check "folded stacks are what flame graph tools read" same "$(grep -cvE '^[^;]+(;[^;]+)+ [0-9]+$' "$work/demo.folded")" 0
check "a flame graph of them shows every table, chain and rule" flame_graph_holds_every_frame
ktap_end
