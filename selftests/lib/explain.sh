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
	4) tool=iptables-$1 net=198.51.100.0/24 from=192.0.2.%d to=198.51.100.%d ;;
	6) tool=ip6tables-$1 net=2001:db8:1::/64 from=2001:db8::%x to=2001:db8:1::%x ;;
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

# make WHAT [-v NAME=VALUE]...
make() { awk -v make="$1" -v family="$family" -v table="$trace_dir/table" "${@:2}" -f lib/explain.awk; }

# send: the packets that were made, through one namespace's door.
send() { in_left bash -c "$(declare -f send_listed); from='$from' to='$to'; send_listed" <"$trace_dir/packets"; }
send_listed()
{
	local source destination protocol fragment
	while read -r source destination protocol fragment; do
		# shellcheck disable=SC2059 # formats on purpose
		bin/send_packet -f "$fragment" "$(printf "$from" "$source")" "$(printf "$to" "$destination")" "$protocol" \
			0fa003e900080000000000005002010000000000
	done
}

# courses NAME: of each packet, by its number, the rules as explain.awk puts it, out of lines of the trace.
courses()
{
	sed -E 's/^[^ ]+ #([0-9]+)\S* /\1 /' "$trace_dir/$1.out" | sort -s -n -k1,1 | sed -nE \
		-e 's/^([0-9]+) .* \| enter .*/packet \1/p' -e 's/^.* \| (ACCEPT|DROP) .*/\1/p' \
		-e 's/^.* \| ([^ ]+ [0-9]+): -A .*/\1/p' -e 's/^.* \| ([^ ]+ [0-9]+: no match .*\)): -A .*/\1/p' \
		-e 's/^.* \| ([^ ]+ [0-9]+: (return|policy) .*)/\1/p'
}

# counted_rules: packets, chain and number of the rules that counted any.
counted_rules()
{
	in_right "$tool-save" -c -t raw | awk '/^\[/ {
		n[$3]++
		if ((count = substr($1, 2) + 0) > 0) print count, $3, n[$3]
	}' | sort
}

met_rules() { courses "$1" | grep -E '^[^ ]+ [0-9]+$' | grep -v '^packet ' | sort | uniq -c | awk '{ print $1, $2, $3 }' | sort; }

first_differences() { diff "$1" "$2" >"$trace_dir/difference" || { head -n 20 "$trace_dir/difference" && false; }; }
