# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A thousand rules and many packets from two CPUs. Source after trace.sh, in a pair of namespaces. TRACE_PACKETS sets how many
# packets.
# shellcheck disable=SC2034,SC2154 # for the tests; trace.sh has made it

thousand_packets=${TRACE_PACKETS:-4000}
thousand_burst=1000
thousand_ports=970

# thousand_rules: for iptables-restore. INPUT sends each hundred ports to a chain of its own, whose rules go on, jump, return,
# accept and drop in turn.
thousand_rules()
{
	awk -v ports=$thousand_ports '
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

# thousand_count: from lines of the trace, how often each rule was named, by chain and number or handle; and whether the text
# was always the same.
thousand_count()
{
	awk -v progress="$trace_dir/progress" '
		match($0, / \| [^ ]+ (handle )?[0-9]+: /) || match($0, / \| [^ ]+: (policy|return from) /) {
			end = index(substr($0, RSTART + 3), ":")
			rule = substr($0, RSTART + 3, end - 1)
			text = substr($0, RSTART + 3 + end + 1)
			count[rule]++
			if ((rule in said) && said[rule] != text) changed++
			said[rule] = text
			next
		}
		/ \| complete$/ { if (++done % 100 == 0) { print done >progress; fflush(progress) } next }
		/ \| (enter|ACCEPT|DROP) / { next }
		{ if (other++ < 5) print >"/dev/stderr" }
		END {
			for (rule in count) print count[rule], rule ": " said[rule]
			print "changed " changed + 0 > "/dev/stderr"
			print "other " other + 0 > "/dev/stderr"
		}' >"$trace_dir/named" 2>"$trace_dir/strange"
}

# thousand_traced: traces the packets to ports of these rules; afterwards "named" in $trace_dir has what thousand_count made of
# it, and thousand_sent says how many they were.
thousand_traced()
{
	local counter cpu payload senders
	rm -f "$trace_dir/lines" "$trace_dir/progress"
	mkfifo "$trace_dir/lines"
	thousand_count <"$trace_dir/lines" &
	counter=$!
	# It ends by itself: a packet that was accepted just before it is stopped might have met more tables.
	trace many --rate 0 --format line -o "$trace_dir/lines" -c "$thousand_packets" 'udp src port 4000'
	thousand_shown() { trace_is_over many || [ "$(tail -n 1 "$trace_dir/progress" 2>/dev/null || echo 0)" -ge "$1" ]; }
	for ((thousand_sent = 0; thousand_sent < thousand_packets; thousand_sent += thousand_burst)); do
		payload=$(udp_payload $((1000 + thousand_sent * 31 / thousand_burst % (thousand_ports - 60))))
		for cpu in 0 1; do
			in_left taskset -c $cpu bin/send_packet -n $((thousand_burst / 2)) -p 60 192.0.2.1 192.0.2.2 17 "$payload" &
			senders[cpu]=$!
		done
		wait "${senders[@]}"
		# The last few lines may still be in a buffer.
		wait_until 60 thousand_shown $((thousand_sent + thousand_burst - 200)) | diag
	done
	if wait_until 60 trace_is_over many; then trace_wait many; else trace_stop many; fi
	wait $counter
}

# thousand_saved SAVE-TOOL: the same list from the counters of the rules: packets, chain, number, text. Ends of chains have no
# counter of their own.
thousand_saved()
{
	in_right "$1" -c -t filter | awk '
		/^\[/ {
			count = substr($1, 2) + 0
			sub(/^[^ ]* /, "")
			chain = $2
			number[chain]++
			if (count > 0) print count, chain " " number[chain] ": " $0
		}' | sort
}

# thousand_differences COUNTED: how many rules were not named as often as they counted, or with another text.
thousand_differences()
{
	diff "$1" <(grep -vE ': (policy |return from )' "$trace_dir/named" | sort) >"$trace_dir/difference"
	head -n 10 "$trace_dir/difference" | diag
	wc -l <"$trace_dir/difference"
}

thousand_nothing_lost() { grep -q "^iptables-trace: $thousand_sent packets, .* nothing lost$" "$trace_dir/many.err"; }
thousand_policies() { awk '/: policy / { n += $1 } END { print n + 0 }' "$trace_dir/named"; }
thousand_said()
{
	diag <<<"$1 rules, $thousand_sent packets, $(awk '{ n += $1 } END { print n }' "$trace_dir/named") rule events"
}
