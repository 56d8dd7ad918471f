#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh: the demonstration itself, in the guest. Three namespaces in a row, client - router - server; the router's
# FORWARD chain asks an eBPF program, whose map says which ports are closed; then iptables-trace shows which rules of a
# larger ruleset packets meet. Ends with 1 if anything is not as it says.

set -eu
. lib/ktap.sh
. lib/net.sh
. lib/demo.sh

pin=$demo_pin
object=$demo_object

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
on() { in_netns "$1" "${@:2}"; }
# show WHERE COMMAND...: prints the command and runs it.
show()
{
	printf '\033[36m%s#\033[0m %s\n' "$1" "${*:2}"
	on "$@"
}

make_network()
{
	demo_network
	on server nc -lk 80 >/dev/null </dev/zero &
	on server nc -lk 23 >/dev/null </dev/zero &
	on server nc -lku 53 >/run/udp-53 </dev/null &
	on server nc -lku 514 >/run/udp-514 </dev/null &
	wait_until 10 on client ping -nqc1 -W1 10.0.2.2
	wait_until 10 listening 80 23
	wait_until 10 on_udp 53 514
}

listening() { for p in "$@"; do on server ss -Hlnt "sport = $p" | grep -q . || return 1; done; }
on_udp() { for p in "$@"; do on server ss -Hlnu "sport = $p" | grep -q . || return 1; done; }

# What the client sees, one line each.
passes()
{
	case $1 in
	ping) on client ping -nqc1 -W1 10.0.2.2 >/dev/null ;;
	tcp) on client nc -z -w1 10.0.2.2 "$2" ;;
	udp)
		: >"/run/udp-$2"
		on client bash -c "echo hello >/dev/udp/10.0.2.2/$2"
		wait_until 1 test -s "/run/udp-$2" >/dev/null
		;;
	esac
}

# expect RESULT KIND [PORT]
expect()
{
	local result=dropped
	! passes "${@:2}" || result=passed
	printf '  %-10s %s\n' "${*:2}" "$result"
	[ "$result" = "$1" ] || { echo "  ... but it should have been $1"; exit 1; }
}

map_line() { printf '%-6s %5d  %d packets\n' "$1" "$2" "$3"; }
show_map()
{
	printf '\033[36mrouter#\033[0m bpftool map dump pinned %s/ports\n' $pin
	bpftool -j map dump pinned $pin/ports |
		jq -r '.[] | .key as $k | [([$k[0]] | {"0x01":"icmp","0x06":"tcp","0x11":"udp"}[.[0]]), $k[2], $k[3],
			(.value | reverse | map(ltrimstr("0x")) | join(""))] | @tsv' |
		while read -r protocol high low packets; do
			map_line "$protocol" $((high << 8 | low)) $((16#$packets))
		done | sort
}

uname -r | sed 's/^/kernel /'
make_network

say 'An eBPF program with a map, loaded and pinned; the map closes telnet and DNS.'
mkdir $pin
show router bpftool prog load $object $pin/port_set type socket pinmaps $pin
show router bpftool map update pinned $pin/ports key hex 06 00 00 17 value hex 00 00 00 00 00 00 00 00
show router bpftool map update pinned $pin/ports key hex 11 00 00 35 value hex 00 00 00 00 00 00 00 00
show router iptables -A FORWARD -m bpf --object-pinned $pin/port_set -j DROP
show router iptables -A FORWARD -j ACCEPT

say 'The client talks to the server.'
expect passed ping
expect passed tcp 80
expect dropped tcp 23
expect passed udp 514
expect dropped udp 53

show_map

say 'The map is changed behind the live rule: ping (ICMP type 8) is closed, telnet is opened.'
show router bpftool map update pinned $pin/ports key hex 01 00 00 08 value hex 00 00 00 00 00 00 00 00
show router bpftool map delete pinned $pin/ports key hex 06 00 00 17
expect dropped ping
expect passed tcp 23

say 'What was matched, as the rule counts it and as the program does.'
show router iptables -vnL FORWARD
show_map

say 'A program of a type that cannot match packets is refused, and the kernel log says why.'
show router bpftool prog load $object $pin/wrong type classifier map name ports pinned $pin/ports
! show router iptables -A FORWARD -m bpf --object-pinned $pin/wrong -j DROP || exit 1
dmesg | grep -o 'xt_ebpf: .*refused.*'

dropped=$(on router iptables -vnxL FORWARD 1 | awk '{ print $1 }')
in_map=$(show_map | awk 'NR > 1 { n += $3 } END { print n }')
[ "$dropped" -ge 2 ] && [ "$in_map" -ge 2 ]
users=$(cat /sys/module/xt_ebpf/refcnt)
[ "$users" = 1 ]
printf '\nxt_ebpf judged them: it holds %s rule, and the in-tree xt_bpf is %s.\n' "$users" \
	"$([ -d /sys/module/xt_bpf ] && echo "loaded but not used (references: $(cat /sys/module/xt_bpf/refcnt))" || echo 'not loaded')"

say 'A ruleset in which a packet can get lost.'
demo_ruleset | on router iptables-restore
on router iptables-save | grep -E '^-A'
bpftool map delete pinned $pin/ports key hex 01 00 00 08
bpftool map update pinned $pin/ports key hex 06 00 00 17 value hex 00 00 00 00 00 00 00 00

say 'iptables-trace names every rule that a packet met.'
filter=$demo_filter
printf '\033[36mrouter#\033[0m iptables-trace --color always %s\n' "'$filter'"
on router iptables-trace --color always "$filter" >/run/trace 2>/run/trace.err &
tracer=$!
wait_until 20 grep -q tracing /run/trace.err
passes ping
! passes tcp 23 || exit 1
passes tcp 80
on client nc -z -w1 10.0.1.1 8080
! passes udp 53 || exit 1
echo hello | on client nc -u -w1 -q0 10.0.2.2 9999 || true
wait_until 20 grep -q 'made while' /run/trace
pkill -TERM -x iptables-trace
wait $tracer
cat /run/trace /run/trace.err

plain=$(sed 's/\x1b\[[0-9;]*m//g' /run/trace)
for rule in '-A LAN -m bpf --object-pinned /sys/fs/bpf/demo/port_set -m comment --comment "closed ports" -j DROP' \
	'-A LAN -p icmp -m limit --limit 10/sec -j ACCEPT' '-A WEB -p tcp -m multiport --dports 80,443 -j ACCEPT' \
	'-j DNAT --to-destination 10.0.2.2:80' '-A LOOSE_ENDS -p udp -j REJECT'; do
	[[ $plain == *"$rule"* ]] || { echo "... but no packet met: $rule"; exit 1; }
done
! grep -E 'lost|unknown' <<<"$plain" || exit 1
grep -q 'nothing lost' /run/trace.err
