#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# nf_tables comes and goes, rulesets are replaced, sessions die and namespaces end: what a session has done to nf_tables is
# undone, and what it says of a generation is true of that one.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh
. ../lib/nft.sh

make_pair
cleanup_push traffic_stop

# take_nf_tables: with all that stands on it; there are no rules any more.
take_nf_tables()
{
	[ ! -e /sys/module/nf_tables ] || in_right nft flush ruleset
	unload nf_tables
	[ ! -e /sys/module/nf_tables ]
}

ruleset()
{
	in_right nft -f - <<-END
		table inet t {
			chain in { type filter hook input priority 0; meta length 1-65535; }
			chain out { type filter hook output priority 0; meta length 1-65535; }
		}
	END
}

nft_probes() { probes | grep -E '^nft_' | xargs; }
no_nft_probes() { [ -z "$(nft_probes)" ]; }
some_events() { [ "$(grep -c '^leave.* nft=' "$trace_work/session")" -gt "${1:-100}" ]; }

# key_is_on: whether nf_tables looks at marks: it does no more than run this function for it, then.
key_is_on()
{
	local trace=/sys/kernel/debug/tracing before hits
	debugfs
	echo 'p:watch nft_trace_init' >"$trace"/kprobe_events || return 2
	echo 1 >"$trace"/events/kprobes/watch/enable
	pings 3 192.0.2.2
	hits=$(awk '$1 == "watch" { print $2 }' "$trace"/kprobe_profile)
	echo 0 >"$trace"/events/kprobes/watch/enable
	echo >"$trace"/kprobe_events
	[ "${hits:-0}" -gt 0 ]
}

ktap_plan 43

check "nf_tables is not loaded" wait_until 20 take_nf_tables
trace_start session -B ln
pings 1 192.0.2.2
check "a session that wants it does not load it" test ! -e /sys/module/nf_tables
check "... and has no probe there" same "$(nft_probes)" ""
trace_stop session
ruleset
trace_start session
check "a session that does not want nf_tables has no probe there" same "$(nft_probes)" ""
trace_start second -B ln
check "... until another one does" test -n "$(nft_probes)"
trace_stop second
check "... and no more when that one has gone" same "$(nft_probes)" ""
check_not "... nor does the kernel look at marks there" key_is_on
trace_start second -B ln
trace_kill second
check "... likewise when it was killed" wait_until 20 no_nft_probes
check_not "... and nf_tables does not look at marks" key_is_on
trace_start other -B n
check "another one does" same "$(nft_probes)" "nft_do_chain nft_trace_init nft_trace_notify"
check "... and nf_tables looks at marks" key_is_on
trace_stop other
trace_stop session
check "after both nothing is left" same "$(probes)" ""
wait_until 20 take_nf_tables

trace_start session -B ln
traffic_start
ruleset
check "nf_tables that is loaded later is picked up" wait_until 20 some_events
check "... with its rules" wait_until 20 grep -q '^rule.* chain=in .* says=continue' "$trace_work/session"
check "the probe of meta nftrace is not there for nothing" same "$(nft_probes)" "nft_do_chain nft_trace_init nft_trace_notify"
check "nf_tables can be unloaded during the session" wait_until 20 take_nf_tables
seen=$(grep -c '^leave.* nft=' "$trace_work/session")
ruleset
wait_until 20 some_events $((seen + 100))
check "and is picked up again" some_events $((seen + 100))
check "... with its rules" wait_until 20 grep -q '^rule.* chain=in .* says=continue' <(tail -n 500 "$trace_work/session")
trace_stop session
check "every event is there" whole session
check "no rule is untold" same "$(stat_of session untold)" 0
check "the probes are gone" same "$(probes)" ""
check_not "nf_tables does not look at marks any more" key_is_on

trace_start session -B ln
check "it does while a session runs" key_is_on
trace_kill session
check "kill -9: the probes are gone" same "$(probes)" ""
check_not "... and nf_tables does not look at marks" key_is_on
trace_start session -B n
trace_start other -B n
trace_kill other
wait_until 20 some_events
check "two sessions, one killed: the other has the rules" grep -q '^rule.* chain=in ' "$trace_work/session"
check "... and nf_tables looks at marks" key_is_on
trace_kill session
check_not "both killed: it does not" key_is_on
trace_start session -B ln
take=$(take_nf_tables && echo taken)
check "nf_tables goes, and the session after it" same "$take" taken
trace_kill session
check "... and nothing is left" same "$(probes)" ""
ruleset

reload()
{
	local _
	for _ in {1..5}; do
		modprobe iptables_trace && trace_start session -B ln && wait_until 20 some_events 10 && trace_kill session &&
			without_module || return
	done
}
check "loaded, used and unloaded five times under traffic" reload
check_not "... nf_tables does not look at marks" key_is_on
modprobe iptables_trace

# Rulesets in turn, under traffic: each with chains by which it is known. nf_tables takes a base chain out of its hook a
# moment after the generation without it has begun: its handle says that it is not one of that.
rules_with()
{
	in_right nft -f - <<-END
		flush table inet t
		delete chain inet t in
		delete chain inet t out
		table inet t {
			chain $1 { counter; }
			chain in { type filter hook input priority 0; jump $1; }
			chain out { type filter hook output priority 0; jump $1; }
		}
	END
}
# Less of it: each packet is to be read.
traffic_stop
traffic=()
for address in 192.0.2.1 192.0.2.2; do
	name=$([ $address = 192.0.2.2 ] && echo "$left" || echo "$right")
	nsenter --net="/run/netns/$name" -- "$trace_bin/udp_send" -i 10000 $address 9 >/dev/null 2>&1 &
	traffic+=($!)
done
trace_start session -B n
for _ in {1..8}; do
	for name in odd even; do
		rules_with $name
		generation=$(generation)
		echo "$generation $name $(in_right nft -a list chains | sed -n 's/.*handle //p' | xargs)" >>"$trace_work/generations"
		seen=$(grep -c "^leave.* ruleset=$generation " "$trace_work/session")
		enough() { [ "$(grep -c "^leave.* ruleset=$generation " "$trace_work/session")" -gt $((seen + 5)) ]; }
		wait_until 20 enough
	done
done
trace_stop session
traffic_stop
check "a generation has the rules that it had when it was read" same "$(awk '
	FNR == NR { name[$1] = $2; for (i = 3; i <= NF; i++) has[$1, $i] = 1; next }
	{ delete v; for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) } }
	$1 == "enter" { first[v["walk"]] = v["ruleset"]; met[v["walk"]] = "nothing" }
	$1 == "rule" && v["type"] == "return" { met[v["walk"]] = v["chain"] }
	$1 == "leave" && v["ruleset"] == first[v["walk"]] && (v["ruleset"], v["handle"]) in has {
		sure++
		if (met[v["walk"]] != name[v["ruleset"]]) print "generation", v["ruleset"], "is", name[v["ruleset"]], "not", met[v["walk"]]
	}
	END { print (sure > 60 ? "many" : "few " sure) }' "$trace_work/generations" <(events session .))" many
check "every event is there" whole session
in_right nft flush ruleset

# The first rule that traces comes during a session: nobody is told less for it.
ruleset
make_ends
in_right nft flush table ip ends
trace_start session -B n -f "$filter_ping"
pings 1 192.0.2.2
check "without a rule that traces, its probe is not there" same "$(nft_probes)" "nft_do_chain nft_trace_init nft_trace_notify"
in_right nft add rule inet t in icmp type echo-request meta nftrace set 1
make_ends
has_probe() { nft_probes | grep -q nft_meta_set_eval; }
first_trace() { pings 1 192.0.2.2; wait_until 10 has_probe; pings 1 192.0.2.2; }
monitor_lines first_trace >"$trace_work/with"
trace_stop session
monitor_lines pings 2 192.0.2.2 >"$trace_work/without"
check "the first rule that traces comes during a session: its owner sees all" diff "$trace_work/without" "$trace_work/with"
check "the session says what it was not told meanwhile" same \
	"$(stat_of session untold) $(events session '^leave.* flags=[a-z,]*untold' | wc -l)" "2 2"
check "... and has been told of what came then" test \
	"$(events session '^rule.* chain=in ' | tail -n 3 | sed 's/.* flags=\([^ ]*\) .* says=\([^ ]*\) .*/\1\2/' | xargs)" = \
	"continue user,continue user,accept"
check "every event is there" whole session
in_right nft flush ruleset

# A namespace that ends while it is traced.
gone=gone-${right#right-}
ip netns add "$gone"
nsenter --net="/run/netns/$right" -- "$trace_bin/trace_run" -B n -n "/run/netns/$gone" "$trace_bpf/trace_record.bpf.o" \
	>"$trace_work/gone" 2>&1 &
trace_pid[gone]=$!
wait_until 20 grep -q '^ready' "$trace_work/gone"
in_netns "$gone" nft -f - <<<'table ip t { chain o { type filter hook output priority 0; counter; }; }'
in_netns "$gone" ip link set lo up
in_netns "$gone" ping -nq -c 1 127.0.0.1 >/dev/null
ip netns del "$gone"
says_gone()
{
	kill -USR1 "${trace_pid[gone]}"
	wait_until 5 grep -q '^stats' "$trace_work/gone"
	[ "$(stat_of gone flags)" = 3 ]
}
check "a session's namespace ends, with its rules, though the session does not" wait_until 20 says_gone
trace_stop gone
check "it has what came before" test "$(events gone '^rule.* chain=o ' | wc -l)" -ge 4
check "the module can go" without_module
check "... and nf_tables" wait_until 20 take_nf_tables
ktap_end
