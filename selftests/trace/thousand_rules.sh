#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A thousand rules and many packets from two CPUs: no rule is ever named wrongly, and each is named as often as its counter
# says. TRACE_PACKETS sets how many packets.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

packets=${TRACE_PACKETS:-4000}
burst=1000
ports=970

make_pair

# INPUT sends each hundred ports to a chain of its own, whose rules go on, jump, return, accept and drop in turn.
generate()
{
	awk -v ports=$ports '
		function user(chain) { return "chain-" chain }
		function match_port(port) { return " -p udp -m udp --dport " port " -m comment --comment n" ++n }
		BEGIN {
			print "*filter\n:INPUT DROP\n:shared -"
			chains = int((ports + 99) / 100)
			for (c = 0; c < chains; c++) print ":" user(c) " -"
			for (c = 0; c < chains; c++) {
				range = 1000 + 100 * c ":" 1099 + 100 * c
				print "-A INPUT" match_port(range) (c % 3 == 2 ? " -g " : " -j ") user(c)
			}
			for (p = 1000; p < 1000 + ports; p++) {
				split("none,RETURN,ACCEPT,DROP,shared,RETURN,MARK --set-xmark 0x5/0xffffffff", target, ",")
				t = target[(p * 7 + int(p / 13)) % 7 + 1]
				print "-A " user(int((p - 1000) / 100)) match_port(p) (t == "none" ? "" : " -j " t)
			}
			for (i = 0; i < 10; i++) print "-A shared" match_port(1000 + 37 * i)
			print "-A shared -m mark --mark 0x5\n-A shared -j RETURN\nCOMMIT"
		}'
}
generate | in_right iptables-legacy-restore
rules=$(in_right iptables-legacy-save -t filter | grep -c '^-A')

# From lines of the trace: how often each rule was named, by chain and number; and whether the text was always the same.
count_rules()
{
	awk -v progress="$trace_dir/progress" '
		match($0, / \| [^ ]+ [0-9]+: /) {
			rule = substr($0, RSTART + 3, RLENGTH - 5)
			text = substr($0, RSTART + RLENGTH)
			count[rule]++
			if ((rule in said) && said[rule] != text) changed++
			said[rule] = text
			next
		}
		/ \| complete$/ { if (++done % 100 == 0) { print done >progress; fflush(progress) } next }
		/ \| (enter|ACCEPT|DROP) / { next }
		{ other++; print >"/dev/stderr" }
		END {
			for (rule in count) print count[rule], rule ": " said[rule]
			print "changed " changed + 0 > "/dev/stderr"
			print "other " other + 0 > "/dev/stderr"
		}' >"$trace_dir/named" 2>"$trace_dir/strange"
}

mkfifo "$trace_dir/lines"
count_rules <"$trace_dir/lines" &
counter=$!
trace many --rate 0 --format line -o "$trace_dir/lines" 'udp src port 4000'

has_shown() { [ "$(tail -n 1 "$trace_dir/progress" 2>/dev/null || echo 0)" -ge "$1" ]; }
for ((sent = 0; sent < packets; sent += burst)); do
	payload=$(udp_payload $((1000 + sent * 31 / burst % (ports - 60))))
	for cpu in 0 1; do
		in_left taskset -c $cpu bin/send_packet -n $((burst / 2)) -p 60 192.0.2.1 192.0.2.2 17 "$payload" &
		senders[cpu]=$!
	done
	wait "${senders[@]}"
	# The last few lines may still be in a buffer.
	wait_until 60 has_shown $((sent + burst - 200)) | diag
done
trace_stop many
wait $counter

# The same list from the counters of the rules: packets, chain, number, text. Ends of chains have no counter of their own.
in_right iptables-legacy-save -c -t filter | awk '
	/^\[/ {
		count = substr($1, 2) + 0
		sub(/^[^ ]* /, "")
		chain = $2
		number[chain]++
		if (count > 0) print count, chain " " number[chain] ": " $0
	}' | sort >"$trace_dir/counted"
grep -- '-A ' "$trace_dir/named" | sort >"$trace_dir/named.rules"
diff "$trace_dir/counted" "$trace_dir/named.rules" >"$trace_dir/difference"
head -n 10 "$trace_dir/difference" | diag
diag <<<"$rules rules, $sent packets, $(awk '{ n += $1 } END { print n }' "$trace_dir/named") rule events"

ktap_plan 6
check "there are about a thousand rules" [ "$rules" -ge 990 ]
check "nothing is lost" grep -q "^iptables-trace: $sent packets, .* nothing lost$" "$trace_dir/many.err"
check "many rules were met" [ "$(wc -l <"$trace_dir/counted")" -gt 100 ]
check "each rule is named as often as it counted, with its own text" same "$(wc -l <"$trace_dir/difference")" 0
check "no number had two texts, and no line was strange" same "$(xargs <"$trace_dir/strange")" "changed 0 other 0"
check "the ends of chains are the packets that no rule judged" same \
	"$(awk '/: policy / { n += $1 } END { print n }' "$trace_dir/named")" \
	"$(in_right iptables-legacy-save -c -t filter | sed -n 's/^:INPUT DROP \[\([0-9]*\):.*/\1/p')"
ktap_end
