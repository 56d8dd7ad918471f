#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rules that are observed may be replaced, their table and namespace may go, and so may who observes them, under traffic.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
cleanup_push traffic_stop

# Room for what comes while a busy host keeps the reader waiting.
room=$((1 << 25))

# rules_of_kind N: as many rules that do not match and one that does, in a chain that is named after them.
rules_of_kind()
{
	local i
	{
		printf '*filter\n:kind%d - [0:0]\n-A INPUT -p udp -j kind%d\n-A OUTPUT -p udp -j kind%d\n' "$1" "$1" "$1"
		for ((i = 0; i < $1; i++)); do echo "-A kind$1 -m mark --mark 1 -m limit --limit 1/hour"; done
		printf -- '-A kind%d -m mark --mark 0 -m statistic --mode nth --every 2 --packet 0\nCOMMIT\n' "$1"
	} | in_right iptables-legacy-restore
}

# contradictions NAME: walks that were observed and whose two ends have one ruleset, in which the matches are not those of
# the ruleset's other walks or not of the chain in which they were asked. And how many such walks and rulesets there were.
contradictions()
{
	events "$1" ' table=filter ' | awk '
		{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
		$1 == "enter" { first[v["walk"]] = v["ruleset"]; observed[v["walk"]] = v["flags"] ~ /observed/; no[v["walk"]] = 0 }
		$1 == "matches" { no[v["walk"]] += gsub(/[0-9]+\.0-/, "", v["said"]) }
		$1 == "rule" && v["chain"] ~ /^kind/ { kind[v["walk"]] = substr(v["chain"], 5) }
		$1 == "leave" && observed[v["walk"]] {
			walks++
			r = v["ruleset"]
			if (no[v["walk"]] != kind[v["walk"]]) print "walk", v["walk"], "is of", kind[v["walk"]], "and has", no[v["walk"]]
			if (r != first[v["walk"]] || r == 0) next
			if (r in is && is[r] != no[v["walk"]]) print "ruleset", r, "has", is[r], "and", no[v["walk"]]
			is[r] = no[v["walk"]]
		}
		END { for (r in is) sets++; print (walks > 50 ? "many" : walks + 0) " walks of " (sets > 5 ? "many" : sets + 0) }'
}

some_observed() { [ "$(grep -c '^enter.*observed,' "$trace_work/session")" -gt "${1:-50}" ]; }
one_more_observed() { some_observed "$1"; }
passing() { [ "$(packets iptables-legacy filter INPUT)" -gt "$1" ]; }

# traffic_passes: on every CPU bottom halves are on again, or it would not.
traffic_passes()
{
	local before
	before=$(packets iptables-legacy filter INPUT)
	wait_until 20 passing $((before + 100))
}

ktap_plan 19
rules_of_kind 1
traffic_start

trace_start session -s "$room" -f "$(filter_ipv4 17)" -b 0 -o 4:filter
for round in {1..15}; do
	rules_of_kind $((round % 5 + 2))
	name_again session
	rules_of_kind $((round % 3 + 1))
done
name_again session
seen=$(grep -c '^enter.*observed,' "$trace_work/session")
wait_until 20 one_more_observed $((seen + 50))
trace_stop session
check "rules are replaced and named under traffic: what is observed is of the rules that are walked" same "$(contradictions session)" \
	"many walks of many"
check "... every walk is observed, or counted as not" accounted session
check "... each event is numbered" whole session
check "... packets pass" traffic_passes

rules_of_kind 3
trace_start session -f "$(filter_ipv4 17)" -b 0 -o 4:filter
trace_start other -b 40 -o 4:filter
wait_until 20 some_observed
trace_kill session
trace_kill other
check "kill -9 of two that observe the same rules: the probes are gone" same "$(probes)" ""
check "... packets pass" traffic_passes

start_stop()
{
	local i
	for i in {1..5}; do
		trace_start session -s "$room" -f "$(filter_ipv4 17)" -b 0 -o 4:filter || return
		trace_start other -s "$room" -f "$(filter_ipv4 17)" -b 0 -o 4:filter || return
		wait_until 20 some_observed 5 || return
		trace_stop session
		trace_stop other
		whole session && whole other && accounted session || return
	done
}
check "two sessions that come and go under traffic observe the same rules" start_stop

reload()
{
	local i
	for i in {1..5}; do
		modprobe iptables_trace && trace_start session -b 0 -o 4:filter && trace_kill session && without_module || return
	done
}
check "loaded, used and unloaded five times under traffic" reload
check "... packets pass" traffic_passes
modprobe iptables_trace

# A table goes, and comes again, perhaps in the same memory.
in_right iptables-legacy -t raw -A PREROUTING -p udp -m mark --mark 0
trace_start session -s "$room" -f "$(filter_ipv4 17)" -b 0 -o 4:raw
wait_until 20 some_observed 5
in_right iptables-legacy -t raw -F
modprobe -r iptable_raw
check "a table that is observed can go" test ! -e /sys/module/iptable_raw
in_right iptables-legacy -t raw -A PREROUTING -p udp -m mark --mark 0
seen=$(grep -c '^enter.*observed,' "$trace_work/session")
unknown_grows() { [ "$(events session '^enter.* table=raw ' | grep -vc 'observed,')" -gt "$1" ]; }
before=$(events session '^enter.* table=raw ' | grep -vc 'observed,')
check "one that is made again is not observed" wait_until 20 unknown_grows "$before"
name_again session
check "... until it is named" wait_until 20 one_more_observed "$seen"
trace_stop session
check "... each event is numbered" whole session
in_right iptables-legacy -t raw -F
traffic_stop

# A namespace ends while packets walk in it.
gone=gone-${right#right-}
ip netns add "$gone"
ip -n "$left" link add eth9 type veth peer name eth0 netns "$gone"
in_netns "$gone" ip link set lo up
in_netns "$gone" iptables-legacy -A OUTPUT -m mark --mark 0
nsenter --net="/run/netns/$gone" -- "$trace_bin/trace_run" -b 0 -o 4:filter "$trace_bpf/trace_record.bpf.o" >"$trace_work/session" 2>&1 &
trace_pid[session]=$!
wait_until 20 grep -q '^ready' "$trace_work/session"
in_netns "$gone" "$trace_bin/udp_send" -n 50 127.0.0.1 9
wait_until 20 some_observed 10
kill -STOP "${trace_pid[session]}"
check "a namespace whose rules are observed has walks that are" some_observed 10
kill -CONT "${trace_pid[session]}"
ip netns del "$gone"
trace_kill session
has_ended() { ! ip -n "$left" link show eth9; }
check "it ends with its session" wait_until 20 has_ended
ip netns add "$gone"
cleanup_push ip netns del "$gone"
ip -n "$left" link add eth9 type veth peer name eth0 netns "$gone"
in_netns "$gone" ip link set lo up
in_netns "$gone" iptables-legacy -A OUTPUT -m mark --mark 0
# From another namespace, so that nothing but the module could hold this one.
nsenter --net="/run/netns/$right" -- "$trace_bin/trace_run" -n all -s "$room" -b 0 -o "4:filter:/run/netns/$gone" "$trace_bpf/trace_record.bpf.o" \
	>"$trace_work/session" 2>&1 &
trace_pid[session]=$!
wait_until 20 grep -q '^ready' "$trace_work/session"
in_netns "$gone" "$trace_bin/udp_send" -n 50 127.0.0.1 9
wait_until 20 some_observed 10
ip netns del "$gone"
check "a namespace whose rules are observed from elsewhere ends while they are" wait_until 20 has_ended
in_right iptables-legacy -F
in_right "$trace_bin/udp_send" -n 5 127.0.0.1 9
trace_stop session
check "... each event is numbered" whole session
ip netns add "$gone"
check "the module can go, with everything it did" without_module
check "nothing is left of the probes" same "$(probes)" ""
ktap_end
