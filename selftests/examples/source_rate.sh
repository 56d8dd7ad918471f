#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# source_rate: what a source sends beyond its burst matches, until its share of the time has come again. A share is an hour
# here, and an hour passes when the map is told so.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
. ../lib/packets.sh
. ../lib/examples.sh
pins=/sys/fs/bpf/examples

hour=3600000000000

# limited MEMBER=VALUE,...: the rate from now on, of sources that nobody has seen.
limited()
{
	local key
	for key in $(map "$program" --map sources list | awk '{ print $1 }'); do map "$program" --map sources del "$key"; done
	map "$program" --map rate set 0 "$1"
}

# from N...: the N-th address of IPv4, of one /24 each hundred. from6 N...: of IPv6, of one /64 each hundred.
from4() { from4=c000$(hex8 $(($1 / 100)))$(hex8 $(($1 % 100))) ip4 17 "$(udp 1 2 '')"; }
from6() { from6=20010db80000$(hex16 $(($1 / 100)))$(zeros 7)$(hex8 $(($1 % 100))) ip6 17 "$(udp 1 2 '')"; }

# judged WANT PACKET...: the judgements in their order, 1 for a match.
judged() { same "$(judgements "${@:2}" | sed -n 's/.*returns //p' | tr -d '\n')" "$1"; }

a=$(from4 1) b=$(from4 2) c=$(from4 101)
a6=$(from6 1) b6=$(from6 2) c6=$(from6 101)

burst_passes() { limited packets=1,seconds=3600,burst=3 && judged 00011 "$a" "$a" "$a" "$a" "$a" && judged 11 "$a" "$a"; }
one_by_one() { limited packets=1,seconds=3600 && judged 0111 "$a" "$a" "$a" "$a"; }
each_source() { limited packets=1,seconds=3600,burst=2 && judged 000010111 "$a" "$b" "$c" "$a" "$a" "$b" "$b" "$a" "$b"; }
each_network()
{
	limited packets=1,seconds=3600,bits4=24,bits6=64 && judged 01001 "$a" "$b" "$c" "$a6" "$b6" && judged 01 "$c6" "$c6" &&
		same "$(map "$program" --map sources list | awk '{ print $1 }' | LC_ALL=C sort | xargs)" \
			'2001:db8:0:1:: 2001:db8:: ::ffff:192.0.0.0 ::ffff:192.0.1.0'
}
each_address_of_ipv6() { limited packets=1,seconds=3600 && judged 00011 "$a6" "$b6" "$c6" "$a6" "$b6"; }
uneven_prefixes()
{
	limited packets=1,seconds=3600,bits4=31,bits6=127 && judged 001011 "$(from4 2)" "$(from4 1)" "$(from4 3)" "$(from6 4)" "$(from6 5)" "$(from4 3)"
}
nothing_before() { limited packets=0 && passes "$a" "$a" "$a" && same "$(map "$program" --map sources list)" ''; }
not_by_protocol()
{
	limited packets=1,seconds=3600,burst=2 && judged 0011 "$a" "$(fragment4=5 from4=c0000001 ip4 6 00)" "$(options4=01010101 from4=c0000001 ip4 17 00)" \
		"$(from4=c0000001 ip4 59 '')" && judged 0011 "$a6" "$(from6=20010db8000000000000000000000001 ip6 44 "$(fragment6 17 9 00)")" "$a6" "$a6"
}

used_until() { map "$program" --map sources get ::ffff:192.0.0.1 | sed 's/{used_until=\([0-9]*\),.*/\1/'; }
# hours_pass N: it is as long ago that the source has sent.
hours_pass()
{
	local until
	until=$(($(used_until) - $1 * hour))
	map "$program" --map sources set ::ffff:192.0.0.1 "used_until=$((until > 0 ? until : 0))"
}

a_share_comes_back()
{
	limited packets=1,seconds=3600,burst=3 && judged 0001 "$a" "$a" "$a" "$a" && hours_pass 1 && judged 011 "$a" "$a" "$a" && hours_pass 2 &&
		judged 001 "$a" "$a" "$a" && hours_pass 90 && judged 0001 "$a" "$a" "$a" "$a"
}
match_costs_nothing()
{
	limited packets=1,seconds=3600 && judged 0 "$a" || return
	local before
	before=$(used_until)
	judged 111 "$a" "$a" "$a" && same "$(used_until)" "$before" && same "$(map "$program" --map sources get ::ffff:192.0.0.1)" \
		"{used_until=$before,exceeded=3}"
}
real_time() { limited packets=20,seconds=1 && judged 0 "$a" && wait_until 10 passes "$a"; }
changed_rate()
{
	limited packets=1,seconds=3600,burst=100 && judged 0000 "$a" "$a" "$a" "$a" && map "$program" --map rate set 0 packets=20,seconds=1 &&
		judged 1 "$a" && wait_until 10 passes "$a"
}
large_numbers()
{
	limited packets=1,seconds=4294967295,burst=4294967295 && judged 000 "$a" "$a" "$a" &&
		limited packets=4294967295,burst=4294967295 && judged 000 "$a" "$a" "$a"
}
header_alone() { limited packets=1,seconds=3600 && judged 01 "$(cut 20 "$a")" "$a"; }

in_a_rule()
{
	limited packets=1,seconds=3600,burst=3 && rule_counts "$1" 2 17 "$(udp 1 9 '')" "$(udp 2 9 '')" "$(udp 3 9 '')" "$(udp 4 9 '')" "$(udp 5 9 '')"
}

example_begin source_rate -- "$@"
ktap_plan 16
check "before there is a rate, nothing matches" nothing_before
check "a burst passes, and what is beyond it matches" burst_passes
check "without a burst, one packet passes" one_by_one
check "each source by itself" each_source
check "each network, if so many bits count" each_network
check "each address of IPv6, if all bits count" each_address_of_ipv6
check "networks whose bits end within a byte" uneven_prefixes
check "other protocols, fragments and options are the source's too" not_by_protocol
check "with each share of the time one more passes, a burst at most" a_share_comes_back
check "what matches is not counted against its source" match_costs_nothing
check "time passes" real_time
check "a rate that is changed holds from then on" changed_rate
check "numbers as large as can be" large_numbers
check "no packet was untracked" same "$(map "$program" --map untracked get 0)" 0
check "a packet that is no more than its header" header_alone
check "a rule counts what is beyond the burst" each in_a_rule
ktap_end
