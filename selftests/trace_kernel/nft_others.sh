#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Who traces packets of nf_tables by himself sees the same with and without a session, line by line, and so does the kernel
# log of who traces those of legacy tables; a session hears of everything all the while.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh
. ../lib/nft.sh

make_pair
load_logger
sysctl -qw net.netfilter.nf_log_all_netns=1
cleanup_push sysctl -qw net.netfilter.nf_log_all_netns=0
make_ends

# Packets of some lengths, each traced in its own way by rules below.
send()
{
	local length
	for length in 128 129 130 131 132 133; do
		in_left ping -nq -c 2 -i 0.01 -W 0.2 -s $((length - 28)) 192.0.2.2
	done
	in_left bash -c 'echo x >/dev/udp/192.0.2.2/7'
	in_left ping -nq -c 2 -i 0.01 -W 0.2 -s 80 2001:db8::2
}

# 128: from a rule on, to its end; 129: as a rule's first step, whose conditions do not hold then; 130: on, and off again;
# 131: off where nobody had turned it on; 132: dropped; 133: in a chain of another hook. And what the host answers.
traced()
{
	in_right nft -f - <<-END
		table inet t {
			chain sub {
				meta length 1-65535
				meta length 130 meta nftrace set 0
				meta length 1-65535
			}
			chain prerouting {
				type filter hook prerouting priority 0;
				meta length 1-65535
				meta length 128 meta nftrace set 1
				meta nftrace set meta length map { 129 : 1, 130 : 1 } meta l4proto tcp
				meta length 131 meta nftrace set 0
				jump sub
				meta length 132 meta nftrace set 1 drop
				meta l4proto udp meta nftrace set 1
				icmpv6 type echo-request meta nftrace set 1
			}
			chain input {
				type filter hook input priority 0;
				meta length 1-65535
				udp dport 7 reject
				meta length 133 meta nftrace set 1
				meta length 1-65535
			}
			chain output {
				type filter hook output priority 0;
				meta length 1-65535
				icmp type destination-unreachable meta nftrace set 1
				meta length 1-65535
			}
		}
	END
}

# A session's packets, by length: how many of their rules in a chain it has heard of.
heard() { events session "^rule.* table=t .* chain=$1 .* length=$2 .* icmp=8" | wc -l; }

ktap_plan 27
traced
monitor_lines send >"$trace_work/without"
check "somebody's rules trace" test "$(wc -l <"$trace_work/without")" -gt 60
monitor_lines send >"$trace_work/again"
check "twice the same" diff "$trace_work/without" "$trace_work/again"

trace_start session -B n
monitor_lines send >"$trace_work/with"
trace_stop session
check "with a session nft monitor trace shows the same" diff "$trace_work/without" "$trace_work/with"
check "the session has heard of every rule: 128" same "$(heard prerouting 128) $(heard sub 128) $(heard input 128)" "8 6 6"
check "... 129" same "$(heard prerouting 129) $(heard sub 129) $(heard input 129)" "6 6 6"
check "... 130, beyond the rule that turns tracing off" same "$(heard prerouting 130) $(heard sub 130) $(heard input 130)" "6 8 6"
check "... 131, likewise" same "$(heard prerouting 131) $(heard sub 131) $(heard input 131)" "8 6 6"
check "... 132, to the drop" same "$(heard prerouting 132) $(heard sub 132) $(heard input 132)" "6 6 0"
check "and says which of its events a trace of the user's covers" same \
	"$(events session '^rule.* flags=[a-z,]*user.* table=t .* icmp=8' | sed 's/.* length=\([0-9]*\) .*/\1/' | sort | uniq -c | xargs)" \
	"18 128 16 129 4 130 2 132 6 133"
check "every event is there" whole session
check "nothing was missed" same "$(stat_of session missed)" 0/0/0/0
check "no rule is untold: the rules that trace were there before" same "$(stat_of session untold)" 0

trace_start session -B n -f "$(filter_ipv4 6)"
monitor_lines send >"$trace_work/with"
trace_stop session
check "with a session that selects none of them, the same" diff "$trace_work/without" "$trace_work/with"
check "... which it has not" same "$(stat_of session events)" 0

# Both back ends. What nft has marked is logged by legacy tables, and the other way round.
in_right iptables-legacy-restore <<-END
	*raw
	-A PREROUTING -m length --length 131 -j TRACE
	-A PREROUTING -m length --length 1:65535
	COMMIT
	*filter
	-A INPUT -m length --length 1:65535
	COMMIT
END
log_lines send >"$trace_work/log_without"
monitor_lines send >"$trace_work/without"
check "with legacy tables too, these log what nft has marked" test "$(wc -l <"$trace_work/log_without")" -gt 12
trace_start session -B ln
log_lines send >"$trace_work/log_with"
monitor_lines send >"$trace_work/with"
trace_stop session
check "with a session nft monitor trace shows the same" diff "$trace_work/without" "$trace_work/with"
check "... and the log" diff "$trace_work/log_without" "$trace_work/log_with"
check "the session has both on one packet, in the order of their priorities" same \
	"$(events session '^enter.* length=128 .* icmp=8' | sort -s -t= -k2,2n | head -n 4 |
		sed 's/.* table=\([^ ]*\) hook=\([^ ]*\) priority=\([^ ]*\) .*/\1 \2 \3/' | xargs)" \
	"ends PREROUTING -500 raw PREROUTING -300 t PREROUTING 0 filter INPUT 0"
check "every event is there" whole session
in_right iptables-legacy -t raw -F
in_right iptables-legacy -F
in_right nft delete table inet t

# Rules of iptables-nft, and who is told by its own monitor.
for table in raw filter; do
	in_right iptables-nft -t $table -A "$([ $table = raw ] && echo PREROUTING || echo INPUT)" -m length --length 1:65535
done
in_right iptables-nft -t raw -A PREROUTING -m length --length 128:129 -j TRACE
trace_monitor=(xtables-monitor --trace)
monitor_lines send >"$trace_work/without"
check "rules of iptables-nft trace" test "$(wc -l <"$trace_work/without")" -gt 8
trace_start session -B n
monitor_lines send >"$trace_work/with"
trace_stop session
check "with a session xtables-monitor shows the same" diff "$trace_work/without" "$trace_work/with"
in_right iptables-nft -t raw -F

# Where nobody traces, nobody is told: neither of what a session marks, nor of what TRACE of legacy tables has marked for the log.
in_right nft flush table ip ends
in_right iptables-legacy -t raw -A PREROUTING -m length --length 131 -j TRACE
trace_monitor=(nft monitor trace)

# session_alone ARGS...: packets go by while such a session is all that wants to hear of nf_tables.
session_alone()
{
	trace_start session -B n "$@"
	nsenter --net="/run/netns/$right" -- nft monitor trace >"$trace_work/monitor" 2>&1 &
	monitor=$!
	wait_until 20 listens
	send >/dev/null 2>&1
	trace_stop session
	make_ends
	in_left ping -nq -c 1 -W 0.1 -s 972 192.0.2.2 >/dev/null
	wait_until 20 grep -q ' ends ends ' "$trace_work/monitor"
	kill $monitor
	in_right nft flush table ip ends
}

session_alone
check "a packet that only a session traces is told to nobody" same "$(grep -vc ' ends ends ' "$trace_work/monitor")" 0
check "... and to the session it is" test "$(stat_of session events)" -gt 50
check "... one that a legacy rule has marked too" test "$(events session '^rule.* table=filter .* length=131 ' | wc -l)" -ge 2
session_alone -f "$(filter_ipv4 6)"
check "likewise where the session has selected none" same "$(grep -vc ' ends ends ' "$trace_work/monitor")" 0

# While a session comes or goes there is a moment at which nf_tables gets ready to report and the session does not keep it from it.
comings_and_goings()
{
	local i flood
	nsenter --net="/run/netns/$left" -- ping -fnq -s 103 192.0.2.2 >/dev/null 2>&1 &
	flood=$!
	for i in {1..12}; do
		trace_start "session$i" -B n -f "$(filter_ipv4 6)"
		# With another one that hears of legacy tables alone it is narrowed, not ended.
		[ $((i % 2)) = 0 ] || trace_start legacy -f "$(filter_ipv4 6)"
		trace_stop "session$i"
		[ $((i % 2)) = 0 ] || trace_stop legacy
	done
	kill $flood
	wait $flood
}
flooded=$(in_right iptables-legacy -t raw -vnxL PREROUTING | awk '/TRACE/ { print $1 }')
in_right nft 'add table ip other { chain input { type filter hook input priority 0; counter; }; }'
nsenter --net="/run/netns/$right" -- nft monitor trace >"$trace_work/monitor" 2>&1 &
monitor=$!
wait_until 20 listens
comings_and_goings
make_ends
in_left ping -nq -c 1 -W 0.1 -s 972 192.0.2.2 >/dev/null
wait_until 20 grep -q ' ends ends ' "$trace_work/monitor"
kill $monitor
check "nor is anybody told while sessions begin and end" same "$(grep -vc ' ends ends ' "$trace_work/monitor")" 0
check "... of many packets that went by" test \
	$(($(in_right iptables-legacy -t raw -vnxL PREROUTING | awk '/TRACE/ { print $1 }') - flooded)) -gt 500
ktap_end
