# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Thousands of rules, packets through them, and what iptables-trace says of both beside what explain.awk does. Source after
# trace.sh.
# shellcheck disable=SC2154 # trace.sh and net.sh have been read before this

# Nobody's addresses, so that the right side only looks at what comes for them.
routes_to_nobody()
{
	ip -n "$left" route add 198.51.100.0/24 via 192.0.2.2
	ip -n "$left" route add 2001:db8:1::/64 via 2001:db8::2
}

# family BACK-END N: legacy or nft, 4 or 6.
family()
{
	family=$2
	case $2 in
	4) tool=iptables-$1 net=198.51.100.0/24 ;;
	6) tool=ip6tables-$1 net=2001:db8:1::/64 ;;
	esac
}

# quiet: no packet comes in but those of the test, which rules would count too.
quiet()
{
	local gateway=192.0.2.2
	[ "$family" = 4 ] || gateway=2001:db8::2
	ip -n "$left" neigh replace $gateway dev eth0 nud permanent \
		lladdr "$(ip -n "$right" -j link show eth0 | jq -r '.[0].address')"
	in_left "$tool" -A OUTPUT ! -d "$net" -j DROP
	in_right "$tool" -A OUTPUT -j DROP
}

# make WHAT [-v NAME=VALUE]...; with deep=1 of headers behind that of IP, and of connections.
deep=
make()
{
	awk -v make="$1" -v family="$family" -v deep="$deep" -v table="$trace_dir/table" "${@:2}" \
		-f lib/explain.awk -f lib/explain_deep.awk
}

# send: packets of standard input, one a line as send_packet has them, through one namespace's door and in this order.
send() { in_left taskset -c 0 bin/send_packet -l; }

# judge NAME [-v NAME=VALUE]...: lines of a trace of the packets that were made, by a second evaluation. What it says of them is
# left in NAME.said, the rules that matched and how often in NAME.met.
judge()
{
	make judge -v listed="$trace_dir/packets" -v met="$trace_dir/$1.rules" "${@:2}" >"$trace_dir/$1.said"
	sort "$trace_dir/$1.rules" >"$trace_dir/$1.met"
}

# No more at a time than what the kernel keeps of them until the tool has read it.
burst=250
# walk TABLE [-v NAME=VALUE]...: makes $packets packets, sends them through the table, and judges them as they are shown.
walk()
{
	local sent=0 judging some
	make packets -v packets="$packets" >"$trace_dir/packets"
	rm -f "$trace_dir/lines" "$trace_dir/done"
	mkfifo "$trace_dir/lines"
	judge walks -v done="$trace_dir/done" "${@:2}" <"$trace_dir/lines" &
	judging=$!
	trace walks --explain --explain-budget 0 --rate 0 --format line -o "$trace_dir/lines" -"$family" --table "$1" \
		-c "$packets" "dst net $net"
	judged_or_over() { [ "$(cat "$trace_dir/done")" -ge "$1" ] || trace_is_over walks; }
	make sent <"$trace_dir/packets" | while mapfile -n $burst some && [ ${#some[@]} != 0 ]; do
		printf '%s' "${some[@]}" | send
		sent=$((sent + burst))
		# The last few lines may still be in a buffer.
		wait_until 120 judged_or_over $((sent - 100)) | diag
	done
	trace_wait walks
	wait $judging
}

# said NAME WHAT: the number of them, of what was judged: packets, wrong, matched, passed.
said()
{
	tail -n 1 "$trace_dir/$1.said" | awk -v what="$2" '{ print what == "packets" ? $1 : what == "wrong" ? $3 : what == "matched" ? $7 : $12 }'
}

# all_right NAME N: of so many packets.
all_right() { [ "$(said "$1" packets) $(said "$1" wrong)" = "$2 0" ] || { head -n 60 "$trace_dir/$1.said" && false; }; }

# counted_rules TABLE: packets, chain and number of the rules that counted any.
counted_rules()
{
	in_right "$tool-save" -c -t "$1" | awk '/^\[/ {
		n[$3]++
		if ((count = substr($1, 2) + 0) > 0) print count, $3, n[$3]
	}' | sort
}

first_differences() { diff "$1" "$2" >"$trace_dir/difference" || { head -n 20 "$trace_dir/difference" && false; }; }
