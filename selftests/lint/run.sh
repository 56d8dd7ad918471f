#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [RULE...]: `make lint`. Holds the sources against each rule of rules/ and prints KTAP. What a rule finds fails
# it, unless a line of the file "allow" tolerates it with a reason; such a line that has become pointless fails too. Each
# rule is then shown to find the mistakes of its sample (selfcheck.sh). The last line counts cases.

set -euo pipefail
cd "$(dirname "$0")"
. ./lib.sh
. ../lib/ktap.sh

rules=("$@")
[ $# -gt 0 ] || mapfile -t rules < <(cd rules && printf '%s\n' *.sh | sed 's/\.sh$//')
for rule in "${rules[@]}"; do
	[ -e "rules/$rule.sh" ] || {
		echo "run.sh: no rule \"$rule\" (there are: $(cd rules && echo *.sh | sed 's/\.sh//g'))" >&2
		exit 2
	}
done
"$lint_top/selftests/deps.sh"

# One at a time: what rules found, and the trees of samples, are written where the next run writes them.
mkdir -p "$lint_build"
exec 9>"$lint_build/lock"
flock 9

found=$lint_build/found
rm -rf "$found"
mkdir -p "$found"

# Rules and samples side by side, as many as there are processors. The exit status of each is told by its absence.
# shellcheck disable=SC2016 # the inner shell expands it
printf '%s\n' "${rules[@]}" | xargs -P "$(nproc)" -I{} bash -c '
	cd "$1" && "$2/rules/$4.sh" >"$3/$4" 2>"$3/$4.said" && touch "$3/$4.done"
	"$2/selfcheck.sh" "$4" >"$3/$4.selfcheck" 2>&1 && touch "$3/$4.selfcheck.done"' \
	lint "$lint_top" "$lint_dir" "$found" {} || true

# intolerable RULE: its findings that no line of "allow" tolerates; remembers the lines that were of use.
intolerable()
{
	awk -F '\t+' -v rule="$1" -v used="$found/used" '
		function as_regex(glob) {
			gsub(/[.+()|^$]/, "\\\\&", glob)
			gsub(/\*/, ".*", glob)
			return "^" glob "$"
		}
		FNR == NR {
			if (/^#/ || NF == 0) next
			if ($1 == rule) { file[FNR] = as_regex($2); what[FNR] = $3 }
			next
		}
		{
			where = what_ = $0
			sub(/:.*/, "", where)
			sub(/^[^ ]*: /, "", what_)
			for (n in file)
				if (where ~ file[n] && what_ ~ what[n]) { print n >>used; next }
			print
		}' allow "$found/$1"
}

holds()
{
	local bad
	[ -e "$found/$1.done" ] || {
		cat "$found/$1" "$found/$1.said"
		echo "the rule could not be applied"
		return 1
	}
	bad=$(intolerable "$1")
	[ -z "$bad" ] || {
		echo "$bad"
		return 1
	}
}

catches_its_sample() { [ -e "$found/$1.selfcheck.done" ] || { cat "$found/$1.selfcheck"; false; }; }

# Lines of "allow" that are not four fields, or name no rule, or tolerate nothing; of the rules that ran.
exceptions_are_needed()
{
	local bad
	bad=$(awk -F '\t+' -v rules="${rules[*]}" -v used="$found/used" '
		BEGIN {
			n = split(rules, list, " ")
			for (i = 1; i <= n; i++) ran[list[i]] = 1
			while ((getline line <used) > 0) needed[line] = 1
		}
		/^#/ || NF == 0 { next }
		NF != 4 { print "selftests/lint/allow:" FNR ": not four fields with tabs between: " $0; next }
		system("test -e rules/" $1 ".sh") { print "selftests/lint/allow:" FNR ": no such rule: " $1; next }
		($1 in ran) && !(FNR in needed) { print "selftests/lint/allow:" FNR ": tolerates nothing any more: " $0 }
		' allow)
	[ -z "$bad" ] || {
		echo "$bad"
		return 1
	}
}

ktap_plan $((2 * ${#rules[@]} + 1))
for rule in "${rules[@]}"; do
	check "$rule: $(sed -n 's/^# Rule: //p' "rules/$rule.sh")" holds "$rule"
done
check "allow: every exception is needed and has its reason" exceptions_are_needed
for rule in "${rules[@]}"; do
	check "$rule: finds the mistakes of its sample, and no others" catches_its_sample "$rule"
done
echo "$((ktap_number - ktap_failed)) passed, $ktap_failed failed, 0 skipped"
ktap_end
