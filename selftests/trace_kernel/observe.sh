#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What matches said to a packet is reported as it was, each match once, and nothing else of the rules is other than before.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/packets.sh
. ../lib/match.sh
. ../lib/trace_kernel.sh

make_pair
in_right sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
modprobe -a ip_tables ip6_tables

send_udp() { in_left "$trace_bin/udp_send" -n "${2:-1}" 192.0.2.2 "$1"; }
send_udp6() { in_left "$trace_bin/udp_send" -n "${2:-1}" 2001:db8::2 "$1"; }

# rules TOOL TABLE [RULE...]: the only rules of a table; counters begin at zero.
rules() { in_right "$1-restore" <<<"*$2"$'\n'"$(printf '%s\n' "${@:3}")"$'\nCOMMIT'; }

# counts TOOL: of the rules of filter, but those for what else there may be on the link.
counts() { in_right "$1-save" -c -t filter | grep ' -A ' | grep -v ' ! -p udp '; }

# The same in both families: built-in and user chains, jump, goto, return, !, several matches, rules that are not asked.
chains=(':user - [0:0]' ':deep - [0:0]' ':other - [0:0]'
	'-A INPUT -p udp -m mark --mark 1'
	'-A INPUT -p udp -m udp --dport 9 -m mark --mark 0 -m comment --comment "of three"'
	'-A INPUT -p tcp -m mark --mark 0'
	'-A INPUT -m mark ! --mark 1 -j user'
	'-A INPUT -m mark --mark 4 -j user'
	'-A INPUT -m mark --mark 0 -j deep'
	'-A INPUT -m mark ! --mark 0'
	'-A user -m mark --mark 2' '-A user -m mark --mark 0 -g other' '-A user -m mark --mark 0'
	'-A other -m mark --mark 0 -m mark --mark 5' '-A other -p tcp'
	'-A deep' '-A deep -m mark --mark 0 -j RETURN' '-A deep -m mark --mark 0')
walked="1.0-,2.0+,2.1+,2.2+ INPUT:rule:2 4.0+ INPUT:rule:4 1.0-,2.0+ user:rule:2 1.0+,1.1- other:return:3 5.0-,6.0+ INPUT:rule:6 deep:rule:1"
walked+=" 2.0+ deep:rule:2 7.0- INPUT:policy:8"

ktap_plan 52

for family in 4 6; do
	[ $family = 4 ] && tool=iptables-legacy send=send_udp udp=$(filter_ipv4 17) ip=IPv4
	[ $family = 6 ] && tool=ip6tables-legacy send=send_udp6 udp=$(filter_ipv6 17) ip=IPv6

	rules "$tool" filter "${chains[@]}"
	trace_start session -f "$udp" -b 0 -o $family:filter
	$send 9
	trace_stop session
	check "$ip: what each match said, and of which rule" same "$(walks session)" "$walked"
	check "... the packet's walk is said to be observed" same "$(observed_walks session)" "1 of 1"
	check "... every match is counted" same "$(stat_of session matches) $(stat_of session busy) $(stat_of session unknown)" "13 0 0"
	check "... each event is numbered" whole session

	# What a rule counts is the same, observed or not.
	rules "$tool" filter '-A INPUT ! -p udp -j ACCEPT' "${chains[@]}"
	$send 9 7
	unobserved=$(counts "$tool")
	rules "$tool" filter '-A INPUT ! -p udp -j ACCEPT' "${chains[@]}"
	trace_start session -f "$udp" -b 0 -o $family:filter
	$send 9 7
	trace_stop session
	check "$ip: rules count the same" same "$(counts "$tool")" "$unobserved"
	check "... of packets that were observed" same "$(observed_walks session ' table=filter ')" "7 of 7"

	# More than one event holds.
	mapfile -t many < <(for ((i = 0; i < 149; i++)); do echo '-A PREROUTING -m mark --mark 1'; done)
	rules "$tool" raw "${many[@]}" '-A PREROUTING -m mark --mark 0'
	trace_start session -f "$udp" -b 0 -o $family:raw
	$send 9
	trace_stop session
	check "$ip: many matches before a rule come in several events" same \
		"$(events session '^matches' | sed 's/.* count=\([0-9]*\) .*/\1/' | xargs)" "64 64 22"
	check "... and none is missing" same "$(walks session ' table=raw ' | tr ' ' ',')" \
		"$(seq -s, -f '%g.0-' 149),150.0+,PREROUTING:rule:150,PREROUTING:policy:151"
	check "... each event is numbered" whole session
	rules "$tool" raw

	# A match that keeps count of packets is asked once for each.
	stateful=('-A INPUT -p udp -m limit --limit 1/hour --limit-burst 5' '-A INPUT -p udp -m statistic --mode nth --every 3 --packet 0'
		'-A INPUT -p udp -m quota --quota 200' "-A INPUT -p udp -m recent --name seen$family --set"
		'-A INPUT -p udp -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 4 --hashlimit-name h')
	rules "$tool" filter "${stateful[@]}"
	$send 9 12
	unobserved=$(counts "$tool")
	rules "$tool" filter
	rules "$tool" filter "${stateful[@]}"
	trace_start session -f "$udp" -b 0 -o $family:filter
	$send 9 12
	trace_stop session
	check "$ip: limit, statistic, quota and hashlimit see each packet once" same "$(counts "$tool")" \
		"$unobserved"
	check "... recent too" same "$(in_right grep -o 'oldest_pkt.*' "/proc/net/xt_recent/seen$family" | tr ',' '\n' | wc -l)" 12
	check "... of packets that were observed" same "$(observed_walks session ' table=filter ')" "12 of 12"
	rules "$tool" filter

	# A target sends a packet, which is observed in the midst.
	rules "$tool" filter '-A INPUT -p udp -m udp --dport 7 -m mark --mark 0 -j REJECT' '-A OUTPUT -m mark --mark 1' '-A OUTPUT -m mark --mark 0' \
		'-A INPUT -m mark --mark 0'
	trace_start session -b 0 -o $family:filter
	$send 7
	trace_stop session
	check "$ip: the answer of REJECT is observed within the walk that makes it" same "$(walks session ' table=filter ' | grep -o '1.0+,1.1+ .*')" \
		"1.0+,1.1+ INPUT:rule:1 1.0-,2.0+ OUTPUT:rule:2 OUTPUT:policy:3"
	check "... each event is numbered" whole session
	rules "$tool" filter
done

# In a process: the answer comes back through the loopback device, in a softirq that was raised while they were off.
rules iptables-legacy filter '-A OUTPUT -p udp -m udp --dport 8 -m mark --mark 0 -j REJECT' '-A INPUT -p icmp -m mark --mark 0' \
	'-A OUTPUT -p icmp -m mark --mark 0'
trace_start session -b 0 -o 4:filter
in_right "$trace_bin/udp_send" -n 20 127.0.0.1 8
# answers HOOK: how many have come there.
answers() { events session "^rule.* table=filter hook=$1 .* type=rule .*icmp=3" | wc -l; }
all_arrive() { [ "$(answers OUTPUT)" -ge 20 ] && same "$(answers INPUT)" "$(answers OUTPUT)"; }
check "the answers to a process that is refused arrive" wait_until 10 all_arrive
trace_stop session
check "... each event is numbered" whole session
check "... none was missed" same "$(stat_of session missed)" "0/0/0/0"
in_right iptables-legacy -A OUTPUT -p udp -m owner --uid-owner 65534
trace_start session -f "$(filter_ipv4 17)" -b 0 -o 4:filter
in_right setpriv --reuid 65534 --clear-groups --bounding-set=-all --inh-caps=-all "$trace_bin/udp_send" -n 1 127.0.0.1 9
trace_stop session
check "a process without privileges walks its packets as ever" same "$(walks session ' table=filter hook=OUTPUT ')" \
	"1.0-,3.0+ OUTPUT:rule:3 OUTPUT:policy:4"
rules iptables-legacy filter

in_right iptables-legacy-restore <<-END
	*mangle
	-A PREROUTING -p udp -m udp --dport 9 -m mark --mark 0 -j TEE --gateway 192.0.2.1
	-A PREROUTING -p udp -m mark --mark 0
	-A POSTROUTING -m mark --mark 1
	COMMIT
END
trace_start session -f "$(filter_ipv4 17)" -c -b 0 -o 4:mangle
send_udp 9
trace_stop session
check "TEE: the copy's walk is observed within the packet's" same "$(walks session ' table=mangle hook=(PRE|POST)ROUTING')" \
	"1.0+,1.1+ PREROUTING:rule:1 1.0- POSTROUTING:policy:2 2.0+ PREROUTING:rule:2 PREROUTING:policy:3"
check "... each event is numbered" whole session
rules iptables-legacy mangle

# A match drops the packet.
rules iptables-legacy filter '-A INPUT -p udp -m mark --mark 1' '-A INPUT -p udp -m udp --dport 53' '-A INPUT -m mark --mark 0'
trace_start session -f "$(filter_ipv4 17)" -b 0 -o 4:filter
in_left "$trace_bin/send_packet" 192.0.2.1 192.0.2.2 17 0fa00035
trace_stop session
check "a match that drops the packet is the last" same "$(walks session ' table=filter ')" "1.0-,2.0-!"
check "... and the walk ends in a drop" same "$(events session '^leave.*table=filter' | sed 's/.* verdict=\([0-9]*\).*/\1/')" 0
rules iptables-legacy filter

# Which program -m bpf has run.
load_ours
pin match_all all
pin match_none none
all=$(program_id all) none=$(program_id none)
bpf_rules()
{
	in_right iptables-legacy -F OUTPUT
	in_right iptables-legacy -A OUTPUT -p udp -m bpf --object-pinned "$pin_dir/all" -m mark --mark 0
	in_right iptables-legacy -A OUTPUT -p udp -m bpf --bytecode "$code_none"
	in_right iptables-legacy -A OUTPUT -p udp -m bpf --object-pinned "$pin_dir/none"
}
send_own() { in_right "$trace_bin/udp_send" -n 1 192.0.2.1 9; }
ran() { same "$(walks session ' table=filter hook=OUTPUT ')" "$1"; }
programs_are_told()
{
	trace_start session -f "$(filter_ipv4 17)" -b 0 -o 4:filter
	send_own
	trace_stop session
	ran "1.0+@$all,1.1+ OUTPUT:rule:1 2.0-,3.0-@$none OUTPUT:policy:4"
}
bpf_rules
check "-m bpf, revision 1: which program" programs_are_told
export IPTABLES_EBPF_REVISION=2
bpf_rules
check "-m bpf, revision 2: which program" programs_are_told
trace_start session -f "$(filter_ipv4 17)" -b 0 -o 4:filter
send_own
in_right "$trace_bin/ebpf_ctl" swap "$all" "$pin_dir/none" >"$trace_work/swap"
send_own
trace_stop session
check "after a swap it is the other, though the rules are the same" ran \
	"1.0+@$all,1.1+ OUTPUT:rule:1 2.0-,3.0-@$none OUTPUT:policy:4 1.0-@$none,2.0-,3.0-@$none OUTPUT:policy:4"
in_right iptables-legacy -F OUTPUT
modprobe -rq xt_ebpf
load_stock
export IPTABLES_EBPF_REVISION=1
bpf_rules
check "of the kernel's own match too" programs_are_told
in_right iptables-legacy -F OUTPUT
unload_both

# To a match all is as ever.
rules iptables-legacy filter '-A INPUT -p udp -m mark --mark 0'
trace_start session -f "$(filter_ipv4 17)" -b 0 -o 4:filter
observe_start
send_udp 9 3
observe_stop
trace_stop session
check "a match is called as itself" same "$(sed -n 's/^called_as //p' "$trace_work/observed")" "itself 3 other 0"

# Other rules are not observed before they are named.
trace_start session -f "$(filter_ipv4 17)" -b 0 -o 4:filter
send_udp 9
name_again session
in_right iptables-legacy -I INPUT -m mark --mark 1
send_udp 9 2
name_again session
send_udp 9
trace_stop session
check "rules that replace those that were named are not observed, until they are named" same "$(walks session ' table=filter ')" \
	"1.0+ INPUT:rule:1 INPUT:policy:2 INPUT:rule:2 INPUT:policy:3 INPUT:rule:2 INPUT:policy:3 1.0-,2.0+ INPUT:rule:2 INPUT:policy:3"
check "... which is said" same "$(observed_walks session ' table=filter ')" "2 of 4"
counted_unknown() { [ "$(stat_of session unknown)" -ge 2 ] && accounted session; }
check "... and counted" counted_unknown
check "... a ruleset is named by the number that its events have" same \
	"$(sed -n 's/^observing 4:filter //p' "$trace_work/session" | uniq | xargs)" \
	"$(events session '^enter.*observed' | sed 's/.* ruleset=\([0-9]*\) .*/\1/' | uniq | xargs)"

# The budget.
rules iptables-legacy filter '-A INPUT -p udp -m mark --mark 1' '-A INPUT -p udp -m mark --mark 0'
trace_start session -f "$(filter_ipv4 17)" -b 10 -o 4:filter
send_udp 9 400
trace_stop session
check "a session that was content with few matches a second has walks without" test "$(stat_of session busy)" -gt 0
check "... which are said not to be observed" accounted session
# Two matches a walk: five walks a second and CPU.
check "... and no more of the others than that" test -z "$(events session '^enter.*observed' | awk '
	{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
	{ n = ++count[v["cpu"]]; at[v["cpu"], n] = v["time"]; if (n > 10 && v["time"] - at[v["cpu"], n - 10] < 1e9 - 1e7) print }')"

# Helpers in the program for matches, also where no probe is.
trace_object=trace_stack
rules iptables-legacy raw "${many[@]}" '-A PREROUTING -m mark --mark 0'
trace_start session -f "$(filter_ipv4 17)" -b 0 -o 4:raw
send_udp 9 3
trace_stop session
check "bpf_get_stack() finds the stack where matches are reported" same \
	"$(events session '^matches' | sed 's/.* result=\([^ ]*\) .*/\1/' | grep -c '^[3-9]$')" 9
trace_object=trace_record
rules iptables-legacy raw

# Two sessions, one of which does not observe.
rules iptables-legacy filter '-A INPUT -p udp -m mark --mark 1'
trace_start session -f "$(filter_ipv4 17)" -b 0 -o 4:filter
trace_start other -f "$(filter_ipv4 17)"
send_udp 9
trace_stop other
trace_stop session
check "a session without a program for matches hears of none" same "$(walks other ' table=filter hook=INPUT ') $(observed_walks other)" \
	"INPUT:policy:2 0 of $(events other '^enter' | wc -l)"
check "... beside one that has" same "$(walks session ' table=filter hook=INPUT ')" "1.0- INPUT:policy:2"
both_whole() { whole session && whole other; }
check "... each event is numbered" both_whole
ktap_end
