#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets of ARP in base chains of that family: a session that asks for them hears of each rule and of each packet as it is, on
# its way in and out; others hear nothing, and nobody else sees or keeps anything of it.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh
. ../lib/nft.sh
. ../lib/arp.sh

make_pair
quiet_arp
# What the parties of IPv6 say by themselves looks like it to who counts packets by their protocol.
in_left sysctl -qw net.ipv6.conf.all.disable_ipv6=1
in_right sysctl -qw net.ipv6.conf.all.disable_ipv6=1
in_left nft -f - <<<'table arp answers { chain in { type filter hook input priority 0; arp operation reply counter; }; }'
answers() { in_left nft -j list table arp answers | jq '.nftables[].rule.expr[]?.counter.packets // empty'; }

rules()
{
	in_right nft -f - <<-END
		table arp t {
			chain strangers {
				arp saddr ip 192.0.2.66 drop
				arp htype 1
			}
			chain in {
				type filter hook input priority 0; policy accept;
				arp operation reply drop
				arp operation request meta mark set 5
				jump strangers
			}
			chain later {
				type filter hook input priority 10;
				arp htype 1
			}
			chain out {
				type filter hook output priority 0;
				arp operation reply
			}
		}
	END
}
rules

# rule CHAIN N SAYS, end CHAIN KIND SAYS: as nft_walk has it.
rule() { echo "$1:rule:$(rule_handle arp t "$1" "$2"):$3"; }
end() { echo "$1:$2:$(chain_handle arp t "$1"):$3"; }
# Replies alone, as of pcap_compile(), and what the kernel says is ARP.
filter_reply='4,40 0 0 6,21 0 1 2,6 0 0 65535,6 0 0 0'
filter_arp='4,40 0 0 4294963200,21 0 1 2054,6 0 0 65535,6 0 0 0'
# field NAME PATTERN FIELD...: of the first event.
fields()
{
	events "$1" "$2" | head -n 1 | awk -v names="${*:3}" '
		{ for (i = 2; i <= NF; i++) { n = index($i, "="); v[substr($i, 1, n - 1)] = substr($i, n + 1) }
		  count = split(names, name, " ")
		  for (i = 1; i <= count; i++) printf "%s%s", (i > 1 ? " " : ""), v[name[i]]
		  print "" }'
}

ktap_plan 37
trace_start session -B na
arp_from 192.0.2.50
arp_from 192.0.2.66
what_arp 2 192.0.2.50 192.0.2.2
trace_stop session
check "in: every rule, through a chain and back, and the policy; at both chains of the hook" same "$(nft_walk session 1)" \
	"$(rule in 2 continue) $(rule in 3 jump) $(rule strangers 2 continue) $(end strangers return continue) $(end in policy accept) $(rule later 1 continue) $(end later policy accept)"
check "out: the answer" same "$(nft_walk session 2)" "$(rule out 1 continue) $(end out policy accept)"
check "a drop in another chain" same "$(nft_walk session 3)" "$(rule in 2 continue) $(rule in 3 jump) $(rule strangers 1 drop)"
check "a drop in the first" same "$(nft_walk session 4)" "$(rule in 1 drop)"
check "that is all that there was" same "$(stat_of session packets) $(events session '^enter' | wc -l)" "4 5"
check "it is told that it is ARP, of a base chain of ARP" same "$(fields session '^enter' family nft table hook priority chain handle)" \
	"3 arp t arp-in 0 in $(chain_handle arp t in)"
check "... and out, in the numbers of ARP's hooks" same "$(fields session '^enter packet=2 ' family hook state_hook chain)" "3 arp-out 1 out"
check "the header, as it came in" same "$(fields session '^enter' op sender target length headers)" "1 192.0.2.50 192.0.2.2 28 28"
check "the header, as it goes out, without that of its link" same "$(fields session '^enter packet=2 ' op sender target length headers)" \
	"2 192.0.2.2 192.0.2.50 28 28"
right_eth0=$(ip -n "$right" -j link show eth0 | jq '.[0].ifindex')
check "devices" same "$(fields session '^enter' in out) $(fields session '^enter packet=2 ' in out)" \
	"eth0/$right_eth0 /0 /0 eth0/$right_eth0"
check "it has no connection, and its mark is as of each rule" same \
	"$(events session '^enter packet=1 ' | head -n 1 | grep -o ' ct=[^ ]*') $(events session '^(enter|rule) packet=1 ' | sed 's/.* mark=\([0-9]*\) .*/\1/' | xargs)" \
	" ct=255/0/0 0 5 5 5 5 5 5 5 5"
check "what it says in the end; a drop ends its way" same \
	"$(events session '^leave' | sed 's/.* packet=\([0-9]*\) .* verdict=\([^ ]*\) .*/\1:\2/' | xargs) $(events session '^leave.* flags=(stolen,)?terminal,' | wc -l)" \
	"1:1/0 1:1/0 2:1/0 3:0/0 4:0/0 2"
check "no rule is untold" same "$(stat_of session untold) $(stat_of session missed)" "0 0/0/0/0"
check "every event is there" whole session

trace_start session -B na
arp_from 192.0.2.50 -p 18
trace_stop session
check "one that its link has padded is as long as it is" same "$(fields session '^enter' op sender length headers)" "1 192.0.2.50 46 46"

# A hundred that look alike, each with its answer.
trace_start session -B na
arp_from 192.0.2.50 -n 100
trace_stop session
check "a hundred that look alike: each has its own number, at both chains" same \
	"$(events session '^enter.* hook=arp-in ' | sed 's/.* packet=\([0-9]*\) .*/\1/' | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs)" "100 2"
check "... and none is a guess" same "$(stat_of session packets) $(stat_of session guessed) $(stat_of session forgotten)" "200 0 0"
# Without an answer the next one comes in the same memory, to where the last one left.
trace_start session -B na
what_arp 1 192.0.2.50 192.0.2.77 -n 100
trace_stop session
check "a hundred that nobody answers are as many packets" same "$(stat_of session packets) $(stat_of session guessed) $(events session '^enter' | wc -l)" \
	"100 0 200"

# Filters begin at the header of ARP on both ways.
trace_start session -B na -f "$filter_reply"
trace_start arp -B na -f "$filter_arp"
trace_start udp -B na -f "$(filter_ipv4 17)"
arp_from 192.0.2.50
what_arp 2 192.0.2.50 192.0.2.2
in_left bash -c 'echo x >/dev/udp/192.0.2.2/9'
for name in session arp udp; do trace_stop $name; done
check "a filter sees the operation, in and out" same "$(events session '^enter' | sed 's/.* hook=\([^ ]*\) .* op=\([^ ]*\) .*/\1:\2/' | xargs)" \
	"arp-out:2 arp-in:2"
check "a filter knows by what the kernel says that it is ARP" same "$(stat_of arp packets)" 3
check "a filter for IP selects none" same "$(events udp 'family=3' | wc -l) $(stat_of udp packets)" "0 0"

# Sessions that have not asked.
trace_start asked -B na
trace_start session -B n
trace_start both -B ln
trace_start kernels_own
before=$(answers)
arp_from 192.0.2.50 -n 10
for name in asked session both kernels_own; do trace_stop $name; done
check "a session that has not asked for ARP hears nothing, beside one that has" same \
	"$(stat_of session events) $(stat_of both events) $(stat_of kernels_own events) $(stat_of asked packets)" "0 0 0 20"
check "packets of ARP are still answered" same "$(($(answers) - before))" 10
trace_start session -B n
observe_start
before=$(answers)
arp_from 192.0.2.50 -n 10
observe_stop
trace_stop session
check "beside a session that has not asked none is marked" same "$(observed sent 0)" "0 20"
check "... and each is answered" same "$(($(answers) - before))" 10

# A session's own mark stays in the chain.
trace_start session -B na
observe_start
arp_from 192.0.2.50 -n 10
observe_stop
trace_stop session
check "no mark of a session's is on what is sent" same "$(observed sent 0)" "0 20"
check "... though it had them told of every rule" same "$(events session '^rule.* chain=out type=rule' | wc -l)" 10
check "in the chain, they have it" same "$(events session '^rule' | sed 's/.* nf_trace=\([0-9]\).*/\1/' | sort -u)" 1
check "every event is there" whole session

# The answer that reject sends asks for its way: of whom that is.
in_right nft -f - <<<'table inet r { chain in { type filter hook input priority 0; udp dport 7 reject; }; }'
ip -n "$left" addr add 192.0.2.60/24 dev eth0
trace_start session -B na -c -f "$(filter_ipv4 17)"
trace_start other -B n -c -f "$(filter_ipv4 17)"
in_left "$trace_bin/send_packet" 192.0.2.60 192.0.2.2 17 0fa0000700080000
trace_stop session
trace_stop other
check "what is asked for on the way of an answer is told to be made by it" same "$(fields session '^enter.* family=3 ' hook op target parent flags)" \
	"arp-out 1 192.0.2.60 $(fields session '^enter.* table=r ' packet walk | tr ' ' /) first,child,"
check "... not to a session that has not asked for ARP" same "$(events other ' family=3 ' | wc -l) $(events other '^enter.* table=r ' | wc -l)" "0 1"
ip -n "$left" addr del 192.0.2.60/24 dev eth0
in_right nft delete table inet r

# Who traces ARP by himself.
traced()
{
	in_right nft flush chain arp t in
	in_right nft -f - <<<'table arp t { chain in { arp htype 1; arp saddr ip 192.0.2.51 meta nftrace set 1; jump strangers; }; }'
	in_right nft -f - <<<'table arp t { chain out { arp daddr ip 192.0.2.52 meta nftrace set 1; arp htype 1; }; }'
}
send() { for host in 50 51 52; do arp_from 192.0.2.$host; done; }
traced
make_ends
monitor_lines send >"$trace_work/without"
check "somebody's rules trace packets of ARP" test "$(grep -c '^trace arp t ' "$trace_work/without")" -gt 8
trace_start session -B na
monitor_lines send >"$trace_work/with"
trace_stop session
check "with a session nft monitor trace shows the same" diff "$trace_work/without" "$trace_work/with"
check "the session has heard of all, and says which of it a trace of the user's covers" same \
	"$(for chain in in out; do for flag in '[a-z,]*user,' '(first,)?'; do events session "^rule.* flags=$flag .* chain=$chain type=rule" | wc -l; done; done | xargs)" \
	"2 5 2 5"
trace_start session -B na -f "$(filter_ipv4 6)"
monitor_lines send >"$trace_work/with"
trace_stop session
check "with a session that selects none of them, the same" diff "$trace_work/without" "$trace_work/with"

# The only one who wants to hear of nf_tables is the session.
in_right nft delete table ip ends
in_right nft delete table arp t
rules
trace_start session -B na
nsenter --net="/run/netns/$right" -- nft monitor trace >"$trace_work/monitor" 2>&1 &
monitor=$!
wait_until 20 listens
send
trace_stop session
make_ends
in_left ping -nq -c 1 -W 0.1 -s 972 192.0.2.2 >/dev/null
wait_until 20 grep -q ' ends ends ' "$trace_work/monitor"
kill $monitor
check "what only a session traces is told to nobody" same "$(grep -vc ' ends ends ' "$trace_work/monitor")" 0
check "... and to the session it is" test "$(stat_of session events)" -gt 30
ktap_end
