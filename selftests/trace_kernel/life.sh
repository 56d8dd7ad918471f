#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Whatever ends, a session, its process, a namespace or a module, and in whatever order: nothing is left behind.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -m mark --mark 0
	COMMIT
	*filter
	-A INPUT -m mark --mark 0
	-A OUTPUT -m mark --mark 0
	COMMIT
END

cleanup_push traffic_stop

passed() { [ "$(packets iptables-legacy filter INPUT)" -ge "$1" ]; }

# unmarked: for a while, nobody sees a marked packet, and packets there are.
unmarked()
{
	observe_start || return
	local before
	before=$(packets iptables-legacy filter INPUT)
	wait_until 20 passed $((before + 200))
	observe_stop
	cat "$trace_work/observed"
	[ "$(observed in_table 17 | cut -d' ' -f1)" = 0 ] && [ "$(observed in_table 17 | cut -d' ' -f2)" -gt 50 ] &&
		[ "$(observed delivered 17 | cut -d' ' -f1)" = 0 ] && [ "$(observed sent 17 | cut -d' ' -f1)" = 0 ]
}

some_events() { [ "$(grep -c '^leave' "$trace_work/session")" -gt "${1:-100}" ]; }

ktap_plan 31
traffic_start

trace_start session
check "while a session runs its probes are there" same \
	"$(probes | grep -xE 'ipt_do_table|nf_log_trace|xt_replace_table|xt_unregister_table' | xargs)" \
	"ipt_do_table nf_log_trace xt_replace_table xt_unregister_table"
check_not "the module does not go while a session runs" modprobe -r iptables_trace
wait_until 20 some_events
trace_kill session
check "kill -9 under traffic on all CPUs: the probes are gone" same "$(probes)" ""
check "... no packet is marked" unmarked
check "... the module can go" without_module
modprobe iptables_trace

for _ in {1..3}; do
	trace_start session
	trace_start other -f "$(filter_ipv4 17)"
	wait_until 20 some_events 20
	trace_kill session
	trace_kill other
done
check "two sessions, killed three times: the probes are gone" same "$(probes)" ""
check "... no packet is marked" unmarked

start_stop()
{
	local i
	for i in {1..7}; do
		trace_start session -f "$(filter_ipv4 17)" || return
		trace_stop session
		whole session || return
	done
}
check "started and stopped seven times under traffic, each session is whole" start_stop
check "... no packet is marked" unmarked

reload()
{
	local i
	for i in {1..7}; do
		modprobe iptables_trace && trace_start session && trace_kill session && without_module || return
	done
}
check "loaded, used and unloaded seven times under traffic" reload
check "... no packet is marked" unmarked
modprobe iptables_trace

# Rules replaced during a session: two rulesets in turn, each with a chain of its own.
rules_with()
{
	in_right iptables-legacy-restore <<-END
		*filter
		:$1 - [0:0]
		-A INPUT -j $1
		-A $1 -m mark --mark 0
		COMMIT
	END
}
rules_with one
trace_start session
replacing=10
for ((i = 0; i < replacing; i++)); do
	rules_with two
	rules_with one
done
wait_until 20 some_events 200
trace_stop session
check "rules are replaced: the session's clock says when" same "$(stat_of session replacements)" $((4 * replacing))
# For each ruleset's number of the table filter: the chains that were met, if the walk's two ends agree on it.
check "a number stands for one ruleset" same "$(events session ' table=filter hook=INPUT ' | awk '
	{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
	$1 == "enter" { first[v["walk"]] = v["ruleset"]; chain[v["walk"]] = "" }
	$1 == "rule" && v["chain"] != "INPUT" { chain[v["walk"]] = v["chain"] }
	$1 == "leave" && v["ruleset"] == first[v["walk"]] && v["ruleset"] != 0 {
		sure++
		if (v["ruleset"] in is && is[v["ruleset"]] != chain[v["walk"]]) print "ruleset", v["ruleset"], "is", is[v["ruleset"]], "and", chain[v["walk"]]
		is[v["ruleset"]] = chain[v["walk"]]
	}
	END { for (r in is) n_sets++; print (sure > 100 && n_sets > 3) ? "many" : "few " sure " " n_sets }')" many
check "another table's rules keep their number" same \
	"$(events session '^enter.* table=raw hook=PREROUTING ' | sed 's/.* ruleset=\([0-9]*\) .*/\1/' | sort -u | wc -l)" 1
check "every event is there" whole session

# A table that goes and comes again is another one.
in_right iptables-legacy-restore <<<$'*raw\nCOMMIT'
trace_start session
wait_until 20 some_events 50
modprobe -r iptable_raw
in_right iptables-legacy -t raw -A PREROUTING
in_right iptables-legacy -t raw -A PREROUTING
has_second_rule() { events session "table=raw.*rule=2" | grep -q .; }
wait_until 20 has_second_rule
trace_stop session
check "a table that was removed and made again has another number" test \
	"$(events session '^enter.* table=raw hook=PREROUTING ' | sed 's/.* ruleset=\([0-9]*\) .*/\1/' | sort -u | wc -l)" -ge 2

# ip_tables comes later, goes and comes again.
without_tables()
{
	modprobe -r iptable_raw iptable_filter iptable_mangle iptable_nat iptable_security ip_tables 2>/dev/null
	[ ! -e /sys/module/ip_tables ]
}
in_right iptables-legacy -t raw -F
in_right iptables-legacy -F
in_right iptables-legacy -X
# Not within a case: those that follow are to be right also if they alone are asked for.
wait_until 10 without_tables
check "ip_tables is not loaded" test ! -e /sys/module/ip_tables
trace_start session
check "a session starts without it" same "$(probes | grep -c ipt_do_table)" 0
in_right iptables-legacy -A INPUT -p udp
wait_until 20 some_events
check "ip_tables that is loaded later is picked up" some_events
in_right iptables-legacy -F
wait_until 10 without_tables
check "ip_tables can be unloaded during the session" test ! -e /sys/module/ip_tables
seen=$(grep -c '^leave' "$trace_work/session")
in_right iptables-legacy -A INPUT -p udp
wait_until 20 some_events $((seen + 100))
check "and is picked up again" some_events $((seen + 100))
trace_stop session
check "every event is there" whole session
in_right iptables-legacy -F
without_tables
check "the probes are gone" same "$(probes)" ""
trace_start session
in_right iptables-legacy -A INPUT -p udp
wait_until 20 some_events 10
in_right iptables-legacy -F
without_tables
trace_kill session
check "... also if ip_tables is unloaded before the session's end" same "$(probes)" ""

# IPv6's tables.
modprobe -r ip6table_raw ip6table_filter ip6table_mangle ip6table_nat ip6table_security ip6_tables 2>/dev/null
check "ip6_tables is not loaded" test ! -e /sys/module/ip6_tables
trace_start session -f "$filter_ping6"
in_right ip6tables-legacy -A INPUT
in_left ping -nq -c 3 -i 0.01 2001:db8::2 >/dev/null
trace_stop session
check "ip6_tables is picked up likewise" same "$(events session '^enter.* family=10 table=filter hook=INPUT' | wc -l)" 3
traffic_stop

# The session's namespace ends: it is not kept alive.
gone=gone-${right#right-}
ip netns add "$gone"
ip -n "$left" link add eth9 type veth peer name eth0 netns "$gone"
nsenter --net="/run/netns/$right" -- "$trace_bin/trace_run" -n "/run/netns/$gone" "$trace_bpf/trace_record.bpf.o" \
	>"$trace_work/gone" 2>&1 &
trace_pid[gone]=$!
wait_until 20 grep -q '^ready' "$trace_work/gone"
in_netns "$gone" iptables-legacy -A OUTPUT
in_netns "$gone" ip link set lo up
in_netns "$gone" ping -nq -c 1 127.0.0.1 >/dev/null
ip netns del "$gone"
has_ended() { ! ip -n "$left" link show eth9; }
check "a session's namespace ends though the session does not" wait_until 20 has_ended
says_gone()
{
	kill -USR1 "${trace_pid[gone]}"
	wait_until 5 grep -q '^stats' "$trace_work/gone"
	[ "$(stat_of gone flags)" = 3 ]
}
check "and the session can say so" wait_until 10 says_gone
trace_stop gone
check "it has what came before" whole gone
check "after its stop it still says so" same "$(stat_of gone flags)" 2
ip netns add "$gone"
cleanup_push ip netns del "$gone"
check "the module can go, with everything it did" without_module
ktap_end
