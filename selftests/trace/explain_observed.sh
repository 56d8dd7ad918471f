#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --explain with what the kernel tells of matches: those that count, look things up or run a program are named as what said no, with
# what that means, for each packet as it has to be by their definition, and count as they do without a trace.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/trace.sh
unset IPTABLES_EBPF_REVISION

make_pair
load_ours
pin match_none no && pin match_all yes
in_right ipset create blocked hash:ip
in_right ipset add blocked 192.0.2.9
in_right ipset create sender hash:ip,port
in_right ipset add sender 192.0.2.1,udp:4000
cleanup_push in_right ipset destroy
cleanup_push in_right iptables-legacy -t raw -F

# Rule 1 is for port 2001, and so on; four packets come for each.
rules()
{
	local port=2000 words
	in_right iptables-legacy -t raw -F
	while read -r revision conditions; do
		port=$((port + 1))
		eval "words=($conditions)"
		in_right env IPTABLES_EBPF_REVISION="$revision" iptables-legacy -t raw -A PREROUTING \
			-p udp --dport $port "${words[@]}" -j DROP
	done <<-END
		2 -m limit --limit 1/hour --limit-burst 2
		2 -m recent --update --hitcount 3 --name seen --rsource
		2 -m statistic --mode nth --every 3 --packet 0
		2 -m quota --quota 60
		2 -m set --match-set blocked src
		2 -m string --algo bm --string abc
		1 -m bpf --object-pinned $pin_dir/no
		2 -m bpf --object-pinned $pin_dir/no
		2 -m bpf --object-pinned $pin_dir/yes -m mark --mark 0x7
		2 -m bpf --bytecode '$code_none'
		2 -m mac ! --mac-source $(ip -n "$left" -j link show eth0 | jq -r '.[0].address')
		2 -m addrtype --dst-type BROADCAST
		2 -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name few
		2 -m set ! --match-set sender src,src
		2 -m bpf ! --object-pinned $pin_dir/yes
		2 -m quota ! --quota 60
	END
	in_right iptables-legacy -t raw -I PREROUTING 2 -p udp --dport 2002 -m recent --set --name seen --rsource
}
rule_of() { echo $(($1 - 2000 + ($1 > 2001))); }
send_all() { for port in $(seq 2001 2016); do udp "$port" 4; done; }
counters() { in_right iptables-legacy-save -c -t raw | sed -n 's/^\[\([0-9]*\):.*/\1/p' | xargs; }

# said PORT: what the port's own rule said to its packets, in their order: those that are dropped are shown first.
said()
{
	local number
	number=$(rule_of "$1")
	sed -nE -e "s/^[^ ]+ #([0-9]+)\..*:$1 len [0-9]+ \| PREROUTING $number: no match \((.*)\): -A .*/\1 \2/p" \
		-e "s/^[^ ]+ #([0-9]+)\..*:$1 len [0-9]+ \| PREROUTING $number: -A .*/\1 yes/p" "$trace_dir/all.out" |
		sort -n | cut -d' ' -f2- | sed '$!s/$/,/' | xargs -d '\n'
}
# programs PORT: what is said of those in the port's own rule, once.
programs() { sed -nE "s/.*:$1 len [0-9]+ \| PREROUTING $(rule_of "$1"): (program .*)/\1/p" "$trace_dir/all.out" | sort -u; }
# others: every other rule that a packet passed did not want its port.
others()
{
	sed -nE 's/.*:([0-9]+) len [0-9]+ \| PREROUTING ([0-9]+): no match \((.*)\): -A .*/\1 \2 \3/p' "$trace_dir/all.out" |
		awk '{ own = $1 - 2000 + ($1 > 2001); port = $2 + 2000 - ($2 > 1); n++ }
			$2 != own && !($1 == 2002 && $2 == 2) && $0 !~ ": packet has " $1 "$" { print; bad++ }
			END { print bad + 0 " wrong, " (n > 400 ? "many" : n) }' | tail -n 3
}

ktap_plan 38
rules
send_all
without=$(counters)
rules
trace all --explain --explain-budget 0 --format line --table raw --dearest 3 -c 64 'udp dst portrange 2001-2016'
trace recording --explain --explain-budget 0 --format json --table raw -c 64 'udp dst portrange 2001-2016'
send_all
with=$(counters)
trace_wait all
trace_wait recording
limit='-m limit --limit 1/hour --limit-burst 2: more packets than 1/hour, burst 2, allow by now'
recent='-m recent --update --hitcount 3 --name seen --mask 255.255.255.255 --rsource: '
recent+='list seen does not have it 3 times, packet has 192.0.2.1'
nth='-m statistic --mode nth --every 3 --packet 0: not the one in every 3 packets'
quota='-m quota --quota 60: the quota is used up, or less is left than this packet'
set='-m set --match-set blocked src: not in the set, packet has source 192.0.2.1 (udp:4000)'
string='-m string --string abc --algo bm: not found in it'
hashlimit='-m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name few: '
hashlimit+='more than 1/hour, burst 2, by now with its srcip'
sender='-m set ! --match-set sender src,src: in the set, packet has source 192.0.2.1 (udp:4000, in eth0)'
more_quota='-m quota ! --quota 60: the quota is not used up yet'
four() { echo "$1, $1, $1, $1"; }
plain() { sed -E 's/ --to [0-9]+//g; s/"//g'; }
check "limit: two in an hour" same "$(said 2001)" "yes, yes, $limit, $limit"
check "recent: from the third on" same "$(said 2002)" "$recent, $recent, yes, yes"
check "statistic: every third" same "$(said 2003)" "yes, $nth, $nth, yes"
check "quota: two of 28 bytes are all that fit" same "$(said 2004)" "yes, yes, $quota, $quota"
check "set: not in it" same "$(said 2005)" "$(four "$set")"
check "string: not in it" same "$(said 2006 | plain)" "$(four "$string")"
for port in 2007 2008; do
	check "bpf, revision $((port - 2006)): what it returned is why" same "$(said $port)" \
		"$(four "-m bpf --object-pinned $pin_dir/no: returned 0")"
	check "bpf, revision $((port - 2006)): it is named" same "$(programs $port)" "program $(program_id no) (match_none) returned 0"
done
check "bpf: a program that matched, in a rule that did not" same "$(programs 2009)" "program $(program_id yes) (match_all) returned nonzero"
check "bpf: what said no behind it" same "$(said 2009)" "$(four '-m mark --mark 0x7: packet has 0x0')"
check "bpf: bytecode is no program of the kernel's" same "$(programs 2010)" ""
check "bpf: bytecode that said no" same "$(said 2010 | grep -o ': returned 0' | wc -l)" 4
own=$(ip -n "$left" -j link show eth0 | jq -r '.[0].address')
check "mac: the packet's own address" same "$(said 2011)" "$(four "-m mac ! --mac-source $own: packet has $own")"
check "json has it too" same "$(jq -r 'select(.type == "matches").source_ethernet' "$trace_dir/recording.out" | sort -u)" "$own"
check "hashlimit: two in an hour from this address" same "$(said 2013)" "yes, yes, $hashlimit, $hashlimit"
check "set: in it, where it must not be" same "$(said 2014)" "$(four "$sender")"
check "bpf, inverted: what it returned is the opposite of what the match said" same "$(said 2015)" \
	"$(four "-m bpf ! --object-pinned $pin_dir/yes: returned nonzero")"
check "... of the program itself" same "$(programs 2015)" "program $(program_id yes) (match_all) returned nonzero"
check "quota, inverted: from when it is used up" same "$(said 2016)" "$more_quota, $more_quota, yes, yes"
check "addrtype: with the address" same "$(said 2012)" "$(four '-m addrtype --dst-type BROADCAST: packet has 192.0.2.2')"
check "all other rules are of other ports" same "$(others)" "0 wrong, many"
check "they count as they do without a trace" same "$with" "$without"
check "nothing is lost, all is observed" grep -qE '^iptables-trace: 64 packets, .* [0-9]+ matches observed, own cost [0-9]+ ns an event, .*, nothing lost$' \
	"$trace_dir/all.err"
check "the dearest are named" same "$(grep -A 4 'the dearest matches:' "$trace_dir/all.err" | grep -cE ', asked [0-9]+ times?, .* each: ')" 3

replayed() { iptables-trace --color never --read "$trace_dir/recording.out" --explain --format "$1" 2>/dev/null; }
# Of the rules alone, packet by packet: their numbers are of the session, and which of two ends first is a matter of time.
lines_of_rules() { sed -nE 's/^[^ ]* #([0-9]+)\S* .* \| (PREROUTING .*)/\1 \2/p' | sort -s -n -k 1,1 | cut -d ' ' -f 2-; }
check "a recording says the same as the trace" same "$(replayed line | lines_of_rules)" "$(lines_of_rules <"$trace_dir/all.out")"
check "json has the programs, what they returned and what the matches made of it" same \
	"$(jq -r 'select(.type == "matches").matches[] | select(.program) | "\(.program) \(.program_name) \(.returned) \(.yes)"' \
		"$trace_dir/recording.out" | sort -u)" \
	"$(printf '%s\n' "$(program_id no) match_none 0 false" "$(program_id yes) match_all nonzero false" \
		"$(program_id yes) match_all nonzero true" | sort)"

# A rule whose match cannot be told without the kernel, in every ruleset that comes.
open_rules()
{
	in_right iptables-legacy-restore <<-END
		*raw
		-A PREROUTING -p udp -m pkttype --pkt-type multicast -m limit --limit $1/hour -j DROP
		COMMIT
	END
}
open_rules 1
trace replaced --explain --format json --table raw 'udp dst port 3000'
udp 3000
open_rules 2
# observed_again: one more packet is sent, and some packet of the new rules was observed.
observed_again()
{
	udp 3000
	grep '"type":"rule"' "$trace_dir/replaced.out" | grep '2/hour' | grep -q '"condition":"-m pkttype --pkt-type multicast"}'
}
wait_until 20 observed_again
trace_stop replaced
unobserved() { jq -s '[.[] | select(.type == "enter" and (.flags | index("observed") | not))] | length' "$trace_dir/$1.out"; }
not_known() { jq -s '[.[] | select(.type == "rule").no_match[] | select(.suspects | length == 2)] | length' "$trace_dir/$1.out"; }
counted_unobserved() { jq -s '.[-1].observed | .busy + .unknown' "$trace_dir/$1.out"; }
check "rules that replace others are observed too" grep -q '2/hour' <(grep '"condition":"-m pkttype' "$trace_dir/replaced.out")
check "the first packet of the trace was" same "$(jq -s '[.[] | select(.type == "enter")][0].flags | index("observed") != null' "$trace_dir/replaced.out")" true
check "what was not observed in between is counted, and open" same "$(unobserved replaced) $(not_known replaced)" \
	"$(counted_unobserved replaced) $(unobserved replaced)"

trace busy --explain --explain-budget 10 --format json --table raw -c 60 'udp dst port 3000'
udp 3000 60
trace_wait busy
check "beyond the budget nothing is observed, which is counted and said" test "$(unobserved busy)" -gt 0
check "... as often as it happened" same "$(unobserved busy) $(not_known busy)" "$(jq -s '.[-1].observed.busy' "$trace_dir/busy.out") $(unobserved busy)"
check "... while the trace goes on, too" grep -q '^iptables-trace: more than 10 matches a second: ' "$trace_dir/busy.err"

in_left iptables-legacy -t raw -A OUTPUT -p udp -m owner --uid-owner 12345 -m limit --limit 5/hour -j DROP
cleanup_push in_left iptables-legacy -t raw -F
trace both --netns "$left,$right" --explain --table raw 'udp dst port 3000'
in_left bin/udp_send -n 1 192.0.2.2 3000
both_shown() { same "$(grep -c 'no match: ' "$trace_dir/both.out")" 2; }
wait_until 20 both_shown
trace_stop both
check "two namespaces are observed" same "$(shown both | sed -n 's/^ *no match: //p' | xargs -d '\n')" \
	"-m owner --uid-owner 12345: packet has uid 0 -m pkttype --pkt-type multicast: said no"

in_left iptables-legacy -t raw -A OUTPUT -m owner --gid-owner 12345 -j DROP
trace owners --netns "$left" --explain --format line --table raw -c 2 'icmp[icmptype] == icmp-echoreply or udp dst port 3001'
in_right ping -nqc1 -W1 192.0.2.1 >/dev/null
in_left bin/udp_send -n 1 192.0.2.2 3001
trace_wait owners
check "what the kernel answers is nobody's, and what a process sends is of its group" \
	same "$(grep -oE -- '-m owner --gid-owner 12345: [^)]*' "$trace_dir/owners.out" | xargs -d '\n')" \
	"-m owner --gid-owner 12345: no socket of a process here -m owner --gid-owner 12345: its socket is of another group"

trace folded --format folded --dearest 1 -c 1 'udp dst port 3000'
udp 3000
trace_wait folded
check "the dearest are told of beside every format" same "$(grep -A 1 'the dearest matches:' "$trace_dir/folded.err" | sed -n 's/.* each: [^ ]* //p')" \
	"raw PREROUTING 1  -m pkttype --pkt-type multicast"

in_right iptables-legacy-restore <<-END
	*raw
	:first -
	-A PREROUTING -p tcp -j first
	-A first -s 203.0.113.1/32
	-A first -p tcp -m limit --limit 1/hour -m mark --mark 0x1 -j ACCEPT
	-A first -p tcp -m tcp --dport 81 -j ACCEPT
	-A first -p tcp -m tcp --dport 82 -j ACCEPT
	COMMIT
END
trace hotdrop --explain --table raw -c 1 'ip proto 6'
in_left bin/send_packet 192.0.2.1 192.0.2.2 6 0fa000510000
trace_wait hotdrop
check "a match that drops the packet is named, behind what said no before it" same "$(shown hotdrop | grep -A 11 '^  raw')" \
	"  raw PREROUTING  DROP  T
      1  -A PREROUTING -p tcp -j first
        1  -A first -s 203.0.113.1/32
             no match: -s 203.0.113.1/32: packet has 192.0.2.1
        2  -A first -p tcp -m limit --limit 1/hour -m mark --mark 0x1 -j ACCEPT
             no match: -m mark --mark 0x1: packet has 0x0
        3  -A first -p tcp -m tcp --dport 81 -j ACCEPT
      dropped by -m tcp --dport 81 of rule 3 itself (hotdrop): -A first -p tcp -m tcp --dport 81 -j ACCEPT
  complete: DROP in raw PREROUTING"

ktap_end
