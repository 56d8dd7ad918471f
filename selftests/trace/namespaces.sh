#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A packet that goes from a network namespace to another is shown as one. Namespaces that come and go get each other's number
# from the kernel; packets get neither the name nor the rules of one that is gone.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
# What has no rule anywhere is not traced.
in_right iptables-legacy -A INPUT
rounds=10
remove_all()
{
	local n
	for n in $(seq "$rounds"); do ip netns del "round-$n" || :; done 2>/dev/null
}
cleanup_push remove_all

number_of() { stat -Lc %i "/run/netns/round-$1"; }
# again N: a namespace with the number of the first, which is free some time after the namespace before is gone.
again()
{
	ip netns add "round-$1"
	[ "$(number_of "$1")" = "$number" ] && return
	ip netns del "round-$1"
	return 1
}
shows_packet() { grep -q "> 127\.1\.0\.$1 " "$trace_dir/churn.out"; }

ktap_plan 7

in_left iptables-legacy -A OUTPUT -p icmp
trace between --netns all -c 2 'icmp[icmptype] = icmp-echo'
in_left ping -nqc 2 -i 0.2 192.0.2.2 >/dev/null
trace_wait between
# What stands at the beginning of a line of the second packet.
skeleton() { shown between | awk '/^TIME #2 / { second = 1 } second' | sed -nE "s/^TIME (#2) .* (netns [^ ]*)$/\1 \2/p; s/^  (netns .*)$/\1/p; s/^  (filter [A-Z]*) .*/\1/p; s/^  (complete: .*)/\1/p"; }
check "a packet from one namespace to another is one, with both names" same "$(skeleton)" \
	"#2 netns LEFT
filter OUTPUT
netns RIGHT
filter INPUT
complete: ACCEPT in filter INPUT"
check "... and no guess" same "$(grep -c 'most likely' "$trace_dir/between.out")" 0
check "... each of the two counts once" grep -q '^iptables-trace: 2 packets, ' "$trace_dir/between.err"

trace churn --netns all 'icmp and dst net 127.1.0.0/16'
ip netns add round-1
number=$(number_of 1)
for n in $(seq "$rounds"); do
	[ "$n" = 1 ] || wait_until 20 again "$n" >/dev/null || break
	ip -n "round-$n" link set lo up
	in_netns "round-$n" iptables-legacy -A OUTPUT -p icmp -m comment --comment "rule-of-round-$n"
	in_netns "round-$n" ping -nqc1 -W5 "127.1.0.$n" >/dev/null
	wait_until 20 shows_packet "$n" | diag
	last=$(number_of "$n")
	ip netns del "round-$n"
done
trace_stop churn
check "ten namespaces have the same number, one after the other" same "$n $last" "$rounds $number"

# Of each packet: which round it is of, by its address, and what was said instead.
said()
{
	shown churn | awk -v what="$1" '
		/^TIME .* > 127\.1\.0\./ { round = $0; sub(/.*> 127\.1\.0\./, "", round); sub(/ .*/, "", round) }
		match($0, what "[0-9]+") {
			said = substr($0, RSTART, RLENGTH); sub(/.*-/, "", said)
			all[round]; if (said != round) print "round " round " said to be " said
		}
		END { print length(all) " rounds" }'
}
check "each packet has the name of its namespace" same "$(said 'netns round-')" "10 rounds"
check "each packet has the rules of its namespace" same "$(said 'rule-of-round-')" "10 rounds"
check "nothing is lost" grep -q 'nothing lost' "$trace_dir/churn.err"
ktap_end
