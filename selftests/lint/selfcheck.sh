#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# selfcheck.sh [RULE...]: lays out the sample of each rule, samples/RULE.txt, as a small tree under build/, and holds it
# against the rule, which has to find what the sample says, all of it and nothing else.
#
# A sample is a text file, so that no tool takes it for a source. Its lines:
#
#	find REGEX		one finding must match (grep -E), and each finding must match one of these
#	file PATH [MODE]	the lines up to the next "file" are this file's; each starts with "|", which is taken off
#
# "@@" is taken out wherever it stands: it keeps words that no file may have, and blanks at line ends, out of the sample.
# "@CR@" is a carriage return.

set -euo pipefail
cd "$(dirname "$0")"
. ./lib.sh

# lay_out SAMPLE TREE
lay_out()
{
	awk -v tree="$2" '
		/^file / {
			path = tree "/" $2
			folder = path
			sub(/\/[^\/]*$/, "", folder)
			system("mkdir -p " folder)
			printf "" >path
			if ($3 != "") system("chmod " $3 " " path)
			next
		}
		/^\|/ {
			print substr($0, 2) >>path
			close(path)
		}' "$1"
}

# judge SAMPLE FINDINGS
judge()
{
	local regex unexpected
	grep '^find ' "$1" | cut -d' ' -f2- | while IFS= read -r regex; do
		grep -qE -e "$regex" "$2" || echo "not found: $regex"
	done
	unexpected=$(grep '^find ' "$1" | cut -d' ' -f2- | grep -vE -f - "$2") || true
	[ -z "$unexpected" ] || printf "found for no reason: %s\n" "$unexpected"
}

rules=("$@")
[ $# -gt 0 ] || mapfile -t rules < <(cd rules && printf '%s\n' *.sh | sed 's/\.sh$//')
failed=0
for rule in "${rules[@]}"; do
	text=$lint_dir/samples/$rule.txt
	tree=$lint_build/samples/$rule
	sample=$tree.sample
	if ! grep -q '^find ' "$text" 2>/dev/null; then
		echo "$rule: selftests/lint/samples/$rule.txt has no line \"find\""
		failed=1
		continue
	fi
	rm -rf "$tree"
	mkdir -p "$tree"
	sed "s/@@//g; s/@CR@/\r/g" "$text" >"$sample"
	lay_out "$sample" "$tree"
	(cd "$tree" && "$lint_dir/rules/$rule.sh") >"$tree.found" 2>"$tree.said" || {
		cat "$tree.found" "$tree.said"
		echo "$rule: could not be applied to its sample"
		failed=1
		continue
	}
	wrong=$(judge "$sample" "$tree.found")
	[ -z "$wrong" ] || {
		printf "%s: %s\n" "$rule" "$wrong"
		failed=1
	}
done
exit $failed
