#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Rules of revision 1, which stock iptables reads, beside those of revision 2: which one a rule becomes, and that each is
# found by what was written, whoever added it.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

# Rules that revision 1 can say, and one that it cannot.
pinned=(-m bpf --object-pinned /sys/fs/bpf/all)
bytecode=(-m bpf --bytecode '2,48 0 0 9,6 0 0 1')
inverted=(-m bpf ! --bytecode '2,48 0 0 9,6 0 0 1')

ours_1() { IPTABLES_EBPF_REVISION=1 ours "$@"; }

# Stock iptables reads rules of revision 1.
readable_by_stock() { [[ $(stock "$1" -S OUTPUT 2>&1) == *"-A OUTPUT $2"* ]]; }
is_revision_1() { readable_by_stock "$1" '-m bpf --' || { echo "not of revision 1"; stock "$1" -S OUTPUT; return 1; }; }
is_revision_2() { ! readable_by_stock "$1" '-m bpf --' || { echo "not of revision 2"; return 1; }; }
rules() { ours "$1" -S OUTPUT | grep -c '^-A'; }

# added_as REVISION EXTENSION TOOL RULE...
added_as()
{
	"$2" "$3" -F && "$2" "$3" -A OUTPUT "${@:4}" && "is_revision_$1" "$3"
}

# found_by EXTENSION TOOL ADD RULE...: checked, deleted, added again by ADD, and deleted by a restore.
found_by()
{
	local by=$1 tool=$2 add=$3
	shift 3
	"$by" "$tool" -C OUTPUT "$@" && "$by" "$tool" -D OUTPUT "$@" && same "$(rules "$tool")" 0 &&
		"$add" "$tool" -A OUTPUT "$@" &&
		printf '%s\n' '*filter' "-D OUTPUT $(quoted "$@")" COMMIT | "$by" "$tool-restore" --noflush &&
		same "$(rules "$tool")" 0
}

# However the command is written and wherever it stands.
in_any_form()
{
	local words
	stock "$1" -A OUTPUT "${pinned[@]}" || return
	for words in '-COUTPUT' '--check OUTPUT' '--check=OUTPUT' '--che OUTPUT' '-t filter -C OUTPUT'; do
		ours "$1" $words "${pinned[@]}" || { echo "not found by $words"; return 1; }
	done
	ours "$1" "${pinned[@]}" -C OUTPUT || { echo "not found by a command that comes last"; return 1; }
	for words in '-DOUTPUT' '--delete OUTPUT' '--delete=OUTPUT' '-vD OUTPUT' '-w -D OUTPUT' '-w 5 -D OUTPUT'; do
		ours "$1" $words "${pinned[@]}" >/dev/null || { echo "not deleted by $words"; return 1; }
		same "$(rules "$1")" 0 && stock "$1" -A OUTPUT "${pinned[@]}" || return
	done
}

# quoted WORD...: for iptables-restore.
quoted()
{
	local word
	for word; do
		case $word in
		*' '*) printf '"%s" ' "$word" ;;
		*) printf '%s ' "$word" ;;
		esac
	done
}

# each_rule COMMAND... TOOL: with a rule of each kind that revision 1 can say.
each_rule() { "$@" "${pinned[@]}" -j ACCEPT && "$@" "${bytecode[@]}" -m comment --comment '-D is no command here'; }

stock_rules_are_found() { each_rule stock_rule_is_found "$1"; }
stock_rule_is_found() { added_as 1 stock "$@" && found_by ours "$1" stock "${@:2}"; }
rules_of_revision_1_are_found() { each_rule rule_of_revision_1_is_found "$1"; }
rule_of_revision_1_is_found() { added_as 1 ours_1 "$@" && found_by ours "$1" ours_1 "${@:2}"; }
rules_of_revision_2_are_found() { each_rule rule_of_revision_2_is_found "$1"; }
rule_of_revision_2_is_found() { added_as 2 ours "$@" && found_by ours "$1" ours "${@:2}"; }
both_are_found_where_1_is_preferred()
{
	added_as 2 ours "$1" "${pinned[@]}" && found_by ours_1 "$1" ours "${pinned[@]}" &&
		added_as 1 ours_1 "$1" "${pinned[@]}" && found_by ours_1 "$1" ours_1 "${pinned[@]}"
}

# A rule whose comment or interface looks like a command is added all the same.
is_not_mistaken()
{
	added_as 2 ours "$1" "${pinned[@]}" -m comment --comment -D &&
		added_as 2 ours "$1" -m comment --comment --check "${pinned[@]}" &&
		added_as 2 ours "$1" -o -Device "${pinned[@]}"
}

# The kernel has the rules of a restore only at its end.
same_restore()
{
	local line
	line="OUTPUT $(quoted "${pinned[@]}" -j ACCEPT)"
	printf '%s\n' '*filter' "-A $line" "-A $line" "-D $line" "-D $line" "-A $line" COMMIT | "$2" "$1-restore" && same "$(rules "$1")" 1
}
works_in_one_restore() { same_restore "$1" ours && same_restore "$1" ours_1; }

other_table()
{
	ours "$1" -t mangle -F && ours "$1" -t mangle -A OUTPUT "${pinned[@]}" &&
		added_as 1 stock "$1" "${pinned[@]}" && ours "$1" -D OUTPUT "${pinned[@]}" && same "$(rules "$1")" 0 &&
		ours "$1" -t mangle -C OUTPUT "${pinned[@]}" && ours "$1" --table mangle -D OUTPUT "${pinned[@]}"
}

# The same match in rules of both revisions, which differ in something else.
beside_each_other() { each_rule one_beside_the_other "$1"; }
one_beside_the_other()
{
	local tool=$1 old=OUTPUT new=OUTPUT words
	shift
	[[ $tool = *6* ]] && old+=' -s 2001:db8::1' new+=' -s 2001:db8::2' || old+=' -s 192.0.2.1' new+=' -s 192.0.2.2'
	ours "$tool" -F
	for words in "-D $old" "-D$old" "--delete=$old" "-vD $old" restore; do
		stock "$tool" -A $old "$@" && ours "$tool" -A $new "$@" || return
		ours "$tool" -C $old "$@" || { echo "the old one is not found"; return 1; }
		ours "$tool" -C $new "$@" || { echo "the new one is not found"; return 1; }
		ours "$tool" --check=$new "$@" || { echo "the new one is not found by --check="; return 1; }
		! ours "$tool" -C $old -p udp "$@" 2>/dev/null || { echo "something else is found"; return 1; }
		if [ "$words" = restore ]; then
			printf '%s\n' '*filter' "-D $old $(quoted "$@")" COMMIT | ours "$tool-restore" --noflush
		else
			ours "$tool" $words "$@" >/dev/null
		fi || { echo "the old one is not deleted by $words"; return 1; }
		same "$(rules "$tool")" 1 && ours "$tool" -D $new "$@" && same "$(rules "$tool")" 0 || return
	done
}

told_where_to_search()
{
	ours "$1" -A OUTPUT "${pinned[@]}" && stock "$1" -A OUTPUT "${pinned[@]}" &&
		IPTABLES_EBPF_SEARCH=1 ours "$1" -D OUTPUT "${pinned[@]}" && is_revision_2 "$1" &&
		! IPTABLES_EBPF_SEARCH=1 ours "$1" -C OUTPUT "${pinned[@]}" 2>/dev/null &&
		IPTABLES_EBPF_SEARCH=2 ours "$1" -D OUTPUT "${pinned[@]}" && same "$(rules "$1")" 0 &&
		IPTABLES_EBPF_SEARCH=x refused 2 'IPTABLES_EBPF_SEARCH is "x"' ours "$1" -C OUTPUT "${pinned[@]}"
}

# Legacy and nft have tables of the same name.
other_back_end()
{
	iptables-legacy -F && iptables-nft -F && ours iptables-legacy -A OUTPUT "${pinned[@]}" &&
		stock iptables-nft -A OUTPUT "${pinned[@]}" && ours iptables-nft -C OUTPUT "${pinned[@]}" &&
		ours iptables-nft -D OUTPUT "${pinned[@]}" && ours iptables-legacy -D OUTPUT "${pinned[@]}"
}

old_rules_are() { [ "$(old_rules)" = "$1" ]; }
old_rules() { cat /sys/module/xt_ebpf/parameters/revision1; }
counts_them()
{
	local before
	before=$(old_rules)
	stock "$1" -A OUTPUT "${pinned[@]}" && stock "$1" -A OUTPUT "${bytecode[@]}" && ours "$1" -A OUTPUT "${pinned[@]}" &&
		same "$(old_rules)" $((before + 2)) && "$1" -F && wait_until 5 old_rules_are "$before"
}

# Both revisions in one table, listed and saved by ours.
lists_both()
{
	local saved want
	stock "$1" -A OUTPUT "${pinned[@]}" && stock "$1" -A OUTPUT "${bytecode[@]}" &&
		ours "$1" -A OUTPUT "${pinned[@]}" && ours "$1" -A OUTPUT "${inverted[@]}" || return
	printf -v want -- '-A OUTPUT %s\n' "$(quoted "${pinned[@]}")" "$(quoted "${bytecode[@]}")" \
		"$(quoted "${pinned[@]}")" "$(quoted "${inverted[@]}")"
	saved=$(ours "$1-save" -t filter | sed -n '/^-A/{s/ *$/ /;p}') && same "$saved" "${want%$'\n'}" &&
		same "$(ours "$1" -nL OUTPUT | grep -c 'match bpf pinned /sys/fs/bpf/all\|match bpf \(! \)\?48 0 0 9,6 0 0 1')" 4
}

says_what_it_can_be()
{
	IPTABLES_EBPF_REVISION=3 refused 2 'IPTABLES_EBPF_REVISION is "3"' ours "$1" -A OUTPUT "${pinned[@]}"
}

# Two matches of a rule are of the same revision, and found so.
rules_with_two_matches()
{
	local two=("${pinned[@]}" "${bytecode[@]}") mixed=("${pinned[@]}" "${inverted[@]}")
	added_as 1 stock "$1" "${two[@]}" && found_by ours "$1" stock "${two[@]}" &&
		added_as 1 ours_1 "$1" "${two[@]}" && found_by ours "$1" ours_1 "${two[@]}" &&
		added_as 2 ours "$1" "${two[@]}" && found_by ours "$1" ours "${two[@]}" &&
		added_as 2 ours_1 "$1" "${mixed[@]}" && found_by ours_1 "$1" ours_1 "${mixed[@]}"
}

# libxtables 1.8.9 looks for an extension of a rule's revision without end, if the rule is not of the preferred one.
shown_when_added()
{
	says 'match bpf pinned /sys/fs/bpf/all' ours_1 timeout 60 "$1" -vA OUTPUT "${pinned[@]}" && is_revision_1 "$1" &&
		says 'match bpf ! 48 0 0 9,6 0 0 1' ours_1 timeout 60 "$1" -vA OUTPUT "${bytecode[@]}" "${inverted[@]}" &&
		says 'match bpf pinned /sys/fs/bpf/all' ours timeout 60 "$1" -vD OUTPUT "${pinned[@]}" && same "$(rules "$1")" 1
}

# A rule whose fields -C and -D would not compare in full stays what it is.
long_stays_revision_2()
{
	added_as 2 ours_1 "$1" -m bpf --object-pinned "$long" && found_by ours_1 "$1" ours_1 -m bpf --object-pinned "$long"
}

added_as_2() { added_as 2 ours "$1" "${pinned[@]}" && added_as 2 ours "$1" "${bytecode[@]}"; }
added_as_1() { added_as 1 ours_1 "$1" "${pinned[@]}" && added_as 1 ours_1 "$1" "${bytecode[@]}"; }
inverted_as_2() { added_as 2 ours_1 "$1" "${inverted[@]}"; }

in_own_namespaces "$@"
find_extensions
have_revision_2 || skip_all "the kernel's match has no revision 2"
pin_at /sys/fs/bpf/all
printf -v part '%0230d' 0
mkdir -p "/sys/fs/bpf/$part"
printf -v long '%s/%0*d' "/sys/fs/bpf/$part" $((496 - 12 - 230 - 1)) 0
pin_at "$long"

ktap_plan 20
check "by default rules become revision 2" each_back_end added_as_2
check "told to, what revision 1 can say becomes revision 1" each_back_end added_as_1
check "what it cannot say becomes revision 2 all the same" each_back_end inverted_as_2
check "a path whose end would not be compared, too" each_back_end long_stays_revision_2
check "a word that is neither 1 nor 2 is refused" each_back_end says_what_it_can_be
check "rules that the stock extension added are found and deleted" each_back_end stock_rules_are_found
check "so they are however the command is written" each_back_end in_any_form
check "rules of revision 1 that this extension added are, too" each_back_end rules_of_revision_1_are_found
check "and rules of revision 2" each_back_end rules_of_revision_2_are_found
check "and both, where revision 1 is preferred" each_back_end both_are_found_where_1_is_preferred
check "arguments that look like commands are none" each_back_end is_not_mistaken
check "rules are added and deleted in one restore" each_back_end works_in_one_restore
check "a rule of another table is not taken for it" each_back_end other_table
check "rules of both revisions with the same match are told apart" each_back_end beside_each_other
check "a revision to search for can be given" each_back_end told_where_to_search
check "a rule of the other back end is not taken for it" other_back_end
check "the kernel counts those of revision 1" each_back_end counts_them
check "rules with two matches are of one revision, and found" each_back_end rules_with_two_matches
check "rules of revision 1 are shown by -v" each_back_end shown_when_added
check "both revisions are listed and saved from one table" each_back_end lists_both
ktap_end
