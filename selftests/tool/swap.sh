#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iptables-bpf swap: the program behind live rules is exchanged, whichever iptables made them, and what would bring the old
# one back is said or mended.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
pins=/sys/fs/bpf/tool

# fresh: both programs pinned anew, as old and new.
fresh()
{
	rm -f $pins/*
	pin old match_all && pin new match_none
}

swap() { iptables-bpf swap "$@"; }

changes_the_judgement()
{
	fresh && add "$1" --object-pinned $pins/old && same "$(judged "$1")" 2 &&
		ends 0 "1 rule now runs program $(id_of new) (match_none) in place of program $(id_of old) (match_all)" \
			swap $pins/old $pins/new &&
		same "$(judged "$1")" 0 && says "id $(id_of new)" ours "$1" -nL OUTPUT
}

by_number()
{
	fresh && add "$1" --object-pinned $pins/old && ends 0 '1 rule now runs' swap "$(id_of old)" $pins/new &&
		same "$(judged "$1")" 0
}

# Rules that are not of OLD stay as they are.
only_those_rules()
{
	fresh && pin other match_all || return
	add "$1" --object-pinned $pins/old && add "$1" --object-pinned $pins/other && add "$1" --object-pinned $pins/old &&
		ends 0 '2 rules now run' swap $pins/old $pins/new &&
		same "$(judged "$1" 1) $(judged "$1" 2) $(judged "$1" 3)" '0 2 0'
}

keeps_across_changes()
{
	fresh && add "$1" --object-pinned $pins/old && swap $pins/old $pins/new 2>/dev/null &&
		ours "$1" -A OUTPUT -p udp && ours "$1" -D OUTPUT -p udp && same "$(judged "$1")" 0 &&
		ours "$1" -D OUTPUT -o lo -m bpf --object-pinned $pins/old
}

restore() { ours "$1-restore" < <(ours "$1-save" -t filter); }

old_comes_back()
{
	fresh && add "$1" --object-pinned $pins/old &&
		ends 0 "warning: $pins/old still holds program $(id_of old) (match_all): the next restore of the rules brings it back" \
			swap $pins/old $pins/new &&
		restore "$1" && same "$(judged "$1")" 2
}

repin_keeps_it_away()
{
	local said
	fresh && add "$1" --object-pinned $pins/old || return
	said=$(swap --repin $pins/old $pins/new 2>&1) || { echo "$said"; return 1; }
	[[ $said != *warning* && $said == *"$pins/old holds program $(id_of new) (match_none)"* ]] || { echo "$said"; return 1; }
	same "$(id_of old)" "$(id_of new)" && restore "$1" && same "$(judged "$1")" 0
}

# The rules were written with another path than the one that is named, or with a number.
repins_where_rules_look()
{
	fresh && bpftool prog pin id "$(id_of old)" $pins/alias && add "$1" --object-pinned $pins/alias &&
		swap --repin $pins/old $pins/new && same "$(id_of alias)" "$(id_of new)" && same "$(id_of old)" "$(id_of new)"
}

objects_are_said_to_come_back()
{
	fresh
	cp "$bpf_dir/match_all.bpf.o" "$files/all.o"
	add "$1" --object-file "$files/all.o" || return
	local id
	id=$(ours "$1" -nL OUTPUT | sed -n 's/.*(id \([0-9]*\) .*/\1/p')
	ends 0 "--object-file $files/all.o: the next restore loads that file again" swap "$id" $pins/new && same "$(judged "$1")" 0
}

all_back_ends_at_once()
{
	local tool
	fresh
	for tool in "${tools[@]}"; do ours "$tool" -F; add "$tool" --object-pinned $pins/old || return; done
	ends 0 "${#tools[@]} rules now run" swap $pins/old $pins/new || return
	for tool in "${tools[@]}"; do same "$(judged "$tool")" 0 || { echo "with $tool"; return 1; }; done
	for tool in "${tools[@]}"; do ours "$tool" -F; done
}

another_namespace_is_left_alone()
{
	fresh && add "$1" --object-pinned $pins/old &&
		ends 1 "no rule of revision 2 in this network namespace runs program $(id_of old)" \
			unshare -n iptables-bpf swap --repin $pins/old $pins/new &&
		same "$(judged "$1")" 2 && [ "$(id_of old)" != "$(id_of new)" ]
}

# Somebody who looks all the time finds a program there at each look.
never_without_a_pin()
{
	local looker i missed
	fresh && add iptables-legacy --object-pinned $pins/old || return
	cp "$bpf_dir/match_all.bpf.o" "$files/all.o"
	(while [ ! -e "$files/stop" ]; do [ -e $pins/old ] || echo missing; done) >"$files/missed" &
	looker=$!
	for ((i = 0; i < 30; i++)); do
		rm -f $pins/next
		pin next match_all && swap --repin $pins/old $pins/next >/dev/null || break
	done
	touch "$files/stop"
	wait $looker
	missed=$(wc -l <"$files/missed")
	rm "$files/stop"
	same "$i $missed" '30 0' && same "$(id_of old)" "$(id_of next)" && [ -z "$(find $pins -name 'iptables-bpf*')" ]
}

# A rule of revision 1, which the kernel's own match may just as well hold.
revision_1_is_named()
{
	fresh
	stock iptables-legacy -A OUTPUT -m bpf --object-pinned $pins/old &&
		ends 1 'rules of revisions 0 and 1 keep their program' swap $pins/old $pins/new
}

earlier_exchange_is_explained()
{
	fresh && pin third match_all && add iptables-legacy --object-pinned $pins/old && swap $pins/old $pins/new 2>/dev/null &&
		ends 1 "1 rule written with $pins/old now runs program $(id_of new) (match_none): name that by its number, $(id_of new)" \
			swap $pins/old $pins/third &&
		ends 0 '1 rule now runs' swap "$(id_of new)" $pins/third
}

other_type_is_refused()
{
	fresh && pin xdp match_all xdp && add iptables-legacy --object-pinned $pins/old &&
		ends 1 "$pins/xdp is of type xdp" swap --repin $pins/old $pins/xdp && same "$(judged iptables-legacy)" 2
}

refused() { ends "$1" "$2" swap "${@:3}"; }

# Pins are put back if the kernel refuses after they were changed: here because it may not be spoken to.
root_alone()
{
	fresh && add iptables-legacy --object-pinned $pins/old &&
		ends 3 'try sudo' as_nobody iptables-bpf swap --repin $pins/old $pins/new &&
		same "$(judged iptables-legacy)" 2 && [ "$(id_of old)" != "$(id_of new)" ]
}

tool_begin "$@"
ktap_plan 21
check "packets are judged by the new program" each changes_the_judgement
check "OLD can be a number" each by_number
check "rules that run other programs are left alone" each only_those_rules
check "the table can be changed afterwards, and the rule found" each keeps_across_changes
check "the old program comes back with a restore, of which swap warns" each old_comes_back
check "with --repin it does not" each repin_keeps_it_away
check "--repin finds the path that the rules were written with" each repins_where_rules_look
check "rules of --object-file are said to come back" each objects_are_said_to_come_back
check "rules of both families and back ends change at once" all_back_ends_at_once
check "rules and pins are left alone if the rules are another namespace's" each another_namespace_is_left_alone
check "--repin never leaves a moment without a pin" never_without_a_pin
for tool in "${tools[@]}"; do ours "$tool" -F; done
check "rules of revision 1 are named" revision_1_is_named
iptables-legacy -F
check "an earlier exchange is explained, with the number to name" earlier_exchange_is_explained
iptables-legacy -F
check "a program of another type is refused, and changes nothing" other_type_is_refused
iptables-legacy -F
check "it is root's alone" root_alone
iptables-legacy -F
fresh
bpftool map create $pins/map type array key 4 value 4 entries 1 name selftest
check "a pin that is not there is named" refused 1 "$pins/none: nothing is pinned there" $pins/none $pins/new
check "so is a new one" refused 1 "$pins/none: nothing is pinned there; load a program by" $pins/old $pins/none
check "a map is no program" refused 1 "$pins/map is a map, no program" $pins/old $pins/map
check "neither is a file" refused 1 "is not in a BPF file system" /etc/passwd $pins/new
check "a number of nothing is named" refused 1 'there is no program 4000000000' 4000000000 $pins/new
check "the same program twice is refused" refused 1 'are the same program' $pins/old $pins/old
ktap_end
