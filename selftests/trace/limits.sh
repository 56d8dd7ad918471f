#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A trace that is content with some packets has whole ones, and counts the others: one of so many, the first of a flow, no
# more than a rate.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh
. lib/trace_select.sh

make_pair
in_right iptables-legacy -t raw -A PREROUTING -p udp -j ACCEPT
in_right iptables-legacy -t mangle -A INPUT -p udp -j ACCEPT
in_right iptables-legacy -A INPUT -p udp -j ACCEPT

answer() { in_right bin/send_packet 192.0.2.2 192.0.2.1 17 "$(printf '%04x0fa000080000' "$1")"; }
# on_cpu COMMAND...: every packet that comes of it is handled there.
on_cpu() (taskset -pc 0 "$BASHPID" >/dev/null && "$@")

ktap_plan 15
trace beside --format json udp
asked --sample 1/4
on_cpu udp 1 40
done_after 10
trace_stop beside
check "--sample takes one of so many packets, from their first table on" same "$(counted_begins)" "10 1 raw PREROUTING"
check "... and counts the others" same "$(summed left_out) $(summed held_back)" "30 0"
check "... and not those of another trace" same "$(grep -c '"type":"packet"' "$trace_dir/beside.out")" 40

asked --first 2
udp 1 5
udp 2 5
done_after 4
check "--first takes the first packets of each flow" same "$(counted_begins)" "2 1 raw PREROUTING 2 2 raw PREROUTING"
check "... and counts the others" same "$(summed left_out)" 6
asked --first 1
udp 7
answer 7
# Other ports, of which an exclusive or is the same.
in_left bin/send_packet 192.0.2.1 192.0.2.2 17 0fa1000600080000
done_after 2
check "a flow has two directions, and its own ports" same "$(begins)" $'6 raw PREROUTING\n7 raw PREROUTING'
asked --first 1 --rate 0
in_left bin/send_packet -n 2000 -p 1000 192.0.2.1 192.0.2.2 17 "$(udp_payload 5000)"
done_after 1000
check "... of a thousand flows" same "$(begins | wc -l) $(begins | uniq | wc -l) $(summed left_out)" "1000 1000 1000"

asked --rate 100
udp 1 400
done_after 1
check "--rate holds packets back and counts them" same "$(($(summed held_back) + $(traced)))" 400
check "... those that are traced, to their end" same "$(of packet .seen | sort -u)" complete
check "... not many more than so many events" test "$(summed held_back)" -ge 100
check "... which is said once, and is no loss" same \
	"$trace_status $(grep -c 'more than 100 events a second' "$trace_dir/asked.err") $(summed 'losses | length')" "0 1 0"
check "... and has its place in the summary" grep -q "^iptables-trace: .*, $(summed held_back) packets held back by --rate, nothing lost" \
	"$trace_dir/asked.err"
passes_again()
{
	udp 2
	has_traced_to 2
}
asked --rate 20
udp 1 100
wait_until 20 passes_again
trace_stop asked
check "... and goes on when the second is over" has_traced_to 2
asked --rate 0
udp 1 400
done_after 400
check "--rate 0 is no limit" same "$(traced) $(summed held_back)" "400 0"
asked --sample 1/2 --rate 40
on_cpu udp 1 200
done_after 1
check "what --sample leaves out is not held back" same "$(summed left_out) $(($(summed held_back) + $(traced)))" "100 100"
ktap_end
