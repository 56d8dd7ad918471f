#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A number never gets the text of other rules than those that the packet walked, however fast rules are replaced; where
# the text is not known, the trace says so.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair

# rules N: the rule that drops names the ruleset.
rules()
{
	in_right iptables-legacy-restore <<-END
		*filter
		-A INPUT -p udp -m udp --dport 1000 -m comment --comment "rules-$1" -j DROP
		COMMIT
	END
}
texts() { shown "$1" | sed -n 's/.*rules-\([0-9]*\).*/\1/p; s/.*text of rules unknown: /unknown: /p' | xargs -d '\n'; }

ktap_plan 5
rules 1
trace slow -c 4 'udp port 1000'
udp 1000
wait_until 10 grep -q 'rules-1 ' "$trace_dir/slow.out"
rules 2
udp 1000
wait_until 10 grep -q 'rules-2 ' "$trace_dir/slow.out"
check "rules that are replaced between two packets" same "$(texts slow)" "1 2"

# While the tool stands still, packets meet rules that it can never read.
kill -STOP "${trace_pids[slow]}"
rules 3
udp 1000
rules 4
udp 1000
kill -CONT "${trace_pids[slow]}"
trace_wait slow
check "rules that are gone before they can be read" same "$(texts slow)" \
	"1 2 unknown: the rules were replaced before they could be read 4"
check "their numbers are shown" same "$(shown slow | grep -A 1 unknown: | tail -n 1)" "      1  rule of INPUT"
check "that is not a loss of events" same "$trace_status $(summary slow)" \
	"0 iptables-trace: 4 packets, 12 events, nothing lost"

# The rule that drops the packets of the moment is always number 1 and says which rules it is of; so does the packet.
trace fast 'udp portrange 2001-2100'
for n in $(seq 2001 2100); do
	in_right iptables-legacy-restore <<-END
		*filter
		-A INPUT -p udp -m udp --dport $n -j DROP
		COMMIT
	END
	udp "$n"
done
fast_shown() { same "$(blocks fast)" 100; }
wait_until 20 fast_shown
trace_stop fast
wrong()
{
	shown fast | awk '
		/^TIME/ { port = $0; sub(/.*:/, "", port); sub(/ .*/, "", port) }
		/-A INPUT/ { named++; if ($0 !~ "--dport " port " ") wrong++ }
		/unknown:/ { unknown++ }
		END { print wrong + 0 " wrong of " named + unknown; exit named < 10 }'
}
check "a hundred rulesets in a row: no wrong text" same "$(wrong)" "0 wrong of 100"
ktap_end
