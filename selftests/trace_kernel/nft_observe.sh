#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What matches said in rules of iptables-nft is reported as it was, each match once and with its rule, whoever else's packets
# pass, and while rules, sessions and nft_compat come and go.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/packets.sh
. ../lib/match.sh
. ../lib/trace_kernel.sh
. ../lib/nft.sh

make_pair
cleanup_push traffic_stop
udp4=$(filter_ipv4 17)
send_udp() { in_left "$trace_bin/udp_send" -n "${2:-1}" 192.0.2.2 "$1"; }
send_udp6() { in_left "$trace_bin/udp_send" -n "${2:-1}" 2001:db8::2 "$1"; }

# rules TOOL TABLE [RULE...]: the only rules of a table; counters begin at zero. YES and NO: matches of x_tables.
rules()
{
	printf '%s\n' "*$2" "${@:3}" COMMIT |
		sed 's/YES/-m length --length 0:65535/g; s/NO/-m length --length 1/g' | in_right "$1-restore"
}
counts() { in_right "$1-save" -c -t filter | grep ' -A '; }
# said NAME [PATTERN]: as walks, without numbers of rules that are reported, which nf_tables has not.
said() { walks "$@" | sed 's/:0\b//g'; }
matches_probed() { same "$(probes | grep -c '^nft_match')" "$1"; }

chains=(':user - [0:0]' ':deep - [0:0]' ':other - [0:0]'
	'-A INPUT -p udp NO'
	'-A INPUT -p udp -m udp --dport 9 YES -m comment --comment "of three"'
	'-A INPUT -p tcp YES'
	'-A INPUT YES -j user'
	'-A INPUT NO -j user'
	'-A INPUT YES -j deep'
	'-A INPUT NO'
	'-A user NO' '-A user YES -g other' '-A user YES'
	'-A other YES NO' '-A other -p tcp'
	'-A deep' '-A deep YES -j RETURN' '-A deep YES')
walked="1.0-,2.0+,2.1+ INPUT:rule 4.0+ INPUT:rule 1.0-,2.0+ user:rule 1.0+,1.1- other:return 5.0-,6.0+ INPUT:rule deep:rule"
walked+=" 2.0+ deep:rule 7.0- INPUT:policy"

ktap_plan 36
trace_start session -f "$udp4" -B n
rules iptables-nft filter "${chains[@]}"
check "a session that observes nothing has no probe at matches" matches_probed 0
trace_stop session

for family in 4 6; do
	[ $family = 4 ] && tool=iptables-nft send=send_udp udp=$udp4 ip=IPv4
	[ $family = 6 ] && tool=ip6tables-nft send=send_udp6 udp=$(filter_ipv6 17) ip=IPv6

	rules "$tool" filter "${chains[@]}"
	trace_start session -f "$udp" -B n -b 0
	$send 9
	trace_stop session
	check "$ip: what each match said, and of which rule" same "$(said session ' table=filter ')" "$walked"
	check "... the packet's walk is said to be observed" same "$(observed_walks session ' table=filter ')" "1 of 1"
	check "... every match is counted" same "$(stat_of session matches) $(stat_of session busy) $(stat_of session unknown)" "12 0 0"
	check "... each event is numbered" whole session

	# What a rule counts, and what a match keeps, is the same.
	stateful=(":user - [0:0]" ":deep - [0:0]" ":other - [0:0]" '-A INPUT -p udp -m statistic --mode nth --every 3 --packet 0'
		"-A INPUT -p udp -m recent --name seen$family --set" '-A INPUT -p udp -m quota --quota 200'
		'-A INPUT -p udp -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 4 --hashlimit-name h')
	rules "$tool" filter "${stateful[@]}"
	$send 9 12
	unobserved=$(counts "$tool")
	rules "$tool" filter
	rules "$tool" filter "${stateful[@]}"
	trace_start session -f "$udp" -B n -b 0
	$send 9 12
	trace_stop session
	check "$ip: rules and matches count the same" same "$(counts "$tool")" "$unobserved"
	check "... of packets that were observed" same "$(observed_walks session ' table=filter ')" "12 of 12"

	# More than are noted at once.
	mapfile -t many < <(for ((i = 0; i < 149; i++)); do echo '-A INPUT NO'; done)
	rules "$tool" filter "${many[@]}" '-A INPUT YES'
	trace_start session -f "$udp" -B n -b 0
	$send 9
	trace_stop session
	check "$ip: of many matches before a rule none is missing" same "$(said session ' table=filter ' | tr ' ' ',')" \
		"$(seq -s, -f '%g.0-' 149),150.0+,INPUT:rule,INPUT:policy"
	check "... each event is numbered" whole session
	rules "$tool" filter
done

# Which program -m bpf has run: what it is told is large.
load_ours
pin match_all all
pin match_none none
all=$(program_id all) none=$(program_id none)
for revision in 1 2; do
	IPTABLES_EBPF_REVISION=$revision rules iptables-nft filter \
		"-A INPUT -p udp -m bpf --object-pinned $pin_dir/all NO" "-A INPUT -p udp -m bpf --object-pinned $pin_dir/none"
	trace_start session -f "$udp4" -B n -b 0
	send_udp 9
	trace_stop session
	check "-m bpf, revision $revision: which program" same "$(said session ' table=filter ')" "1.0+@$all,1.1-,2.0-@$none INPUT:policy"
done
rules iptables-nft filter

# A match that drops the packet by itself: one of TCP, of a header that is too short.
rules iptables-nft filter '-A INPUT -p tcp -m tcp --tcp-option 9 -j ACCEPT'
trace_start session -f "$(filter_ipv4 6)" -B n -b 0
in_left "$trace_bin/send_packet" 192.0.2.1 192.0.2.2 6 0fa000510000
trace_stop session
check "a match that drops the packet is told with that" same "$(said session ' table=filter ')" "1.0-! INPUT:rule"

# Others' packets, and a session that does not observe.
rules iptables-nft filter '-A INPUT NO' '-A INPUT YES'
trace_start session -f "$udp4" -B n -b 0
trace_start other -f "$udp4" -B n
check "matches are probed while somebody observes" matches_probed 2
in_left ping -nq -c 2 -W 0.2 192.0.2.2 >/dev/null
send_udp 9
trace_stop other
trace_stop session
check "packets of others are not observed" same "$(stat_of session matches)" 2
check "a session without a program for matches hears of none" same "$(said other ' table=filter hook=INPUT ') $(observed_walks other ' table=filter ')" \
	"INPUT:rule INPUT:policy 0 of 1"
check "both sessions have all events" eval 'whole session && whole other'
check "without a session nothing is probed" same "$(probes)" ""

trace_start session -f "$udp4" -B n -b 10
send_udp 9 400
trace_stop session
check "beyond the budget walks are not observed" test "$(stat_of session busy)" -gt 0
check "... which is counted" accounted session

# rules_of_kind N: as many rules that do not match and one that does, in a chain that is named after them.
rules_of_kind()
{
	local i
	rules iptables-nft filter ":kind$1 - [0:0]" "-A INPUT -p udp -j kind$1" "-A OUTPUT -p udp -j kind$1" \
		"$(for ((i = 0; i < $1; i++)); do echo "-A kind$1 NO"; done)" "-A kind$1 YES"
}
# contradictions: walks of one generation in which the matches are not those of the chain in which they were asked.
contradictions()
{
	events session ' table=filter ' | awk '
		{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
		$1 == "enter" { first[v["walk"]] = v["ruleset"]; observed[v["walk"]] = v["flags"] ~ /observed/; no[v["walk"]] = 0 }
		$1 == "matches" { bad[v["walk"]] += v["said"] ~ /(^|,)0\./; no[v["walk"]] += gsub(/[0-9]+\.0-/, "", v["said"]) }
		$1 == "rule" && v["chain"] ~ /^kind/ { kind[v["walk"]] = substr(v["chain"], 5) }
		$1 == "leave" && observed[v["walk"]] && first[v["walk"]] == v["ruleset"] && v["ruleset"] {
			walks++
			if (no[v["walk"]] != kind[v["walk"]] || bad[v["walk"]]) print "walk", v["walk"], "is of", kind[v["walk"]], "and has", no[v["walk"]]
		}
		END { print (walks > 50 ? "many" : walks + 0) " walks" }'
}
some_observed() { [ "$(grep -c '^enter.*observed,' "$trace_work/session")" -gt "${1:-50}" ]; }
rules_of_kind 1
traffic_start
trace_start session -f "$udp4" -B n -b 0
for round in {1..10}; do
	rules_of_kind $((round % 5 + 2))
	rules_of_kind $((round % 3 + 1))
done
wait_until 20 some_observed 100
trace_stop session
check "rules are replaced under traffic: what is observed is of the rules that are walked" same "$(contradictions)" "many walks"
check "... each event is numbered" whole session
trace_start session -f "$udp4" -B n -b 0
wait_until 20 some_observed 10
trace_kill session
check "kill -9 under traffic: the probes are gone" same "$(probes)" ""
reload()
{
	local i
	for i in {1..5}; do
		modprobe iptables_trace && trace_start session -B n -b 0 && wait_until 20 some_observed 3 && trace_kill session &&
			without_module || return
	done
}
check "loaded, used and unloaded five times under traffic" reload
traffic_stop

# nft_compat goes and comes while a session observes.
modprobe iptables_trace
in_right nft flush ruleset
trace_start session -f "$udp4" -B n -b 0
check "nft_compat can go while matches are observed" wait_until 20 modprobe -rq nft_compat
check "... and the probes with it" matches_probed 0
rules iptables-nft filter '-A INPUT NO' '-A INPUT YES'
send_udp 9
check "... when it comes again, they do" matches_probed 2
trace_stop session
check "... and matches are observed" same "$(said session ' table=filter ')" "1.0-,2.0+ INPUT:rule INPUT:policy"
in_right nft flush ruleset
check "the module can go, with everything it did" without_module
ktap_end
