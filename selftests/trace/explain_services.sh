#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --explain on rulesets as Docker and kube-proxy make them: a connection through each, and every rule that it passed, however
# many services there are. TRACE_SERVICES sets how many at most.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
make_far
ip -n "$left" route add 10.96.0.0/12 via 192.0.2.2
recording=$trace_dir/kube.out

# kube N: that many services, each with three endpoints, all of them the far host.
kube()
{
	awk -v services="$1" '
		function ip(n) { return "10.96." int(n / 250) "." n % 250 + 1 }
		function note(n, what) { return " -m comment --comment \"default/web-" n what "\"" }
		BEGIN {
			print "*nat\n:KUBE-SERVICES -\n:KUBE-POSTROUTING -\n:KUBE-MARK-MASQ -"
			for (n = 1; n <= services; n++) {
				print ":KUBE-SVC-" n " -"
				for (e = 1; e <= 3; e++) print ":KUBE-SEP-" n "-" e " -"
			}
			print "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"
			print "-A POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING"
			print "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"
			print "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN"
			print "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0"
			print "-A KUBE-POSTROUTING -j MASQUERADE --random-fully"
			for (n = 1; n <= services; n++) {
				print "-A KUBE-SERVICES -d " ip(n) "/32 -p tcp" note(n, " cluster IP") " -m tcp --dport 80 -j KUBE-SVC-" n
				print "-A KUBE-SVC-" n " ! -s 10.244.0.0/16 -d " ip(n) "/32 -p tcp" note(n, " cluster IP") " -m tcp --dport 80 -j KUBE-MARK-MASQ"
				for (e = 1; e <= 3; e++) {
					print "-A KUBE-SVC-" n note(n, " endpoint") (e < 3 ? " -m statistic --mode random --probability 0.33" : "") " -j KUBE-SEP-" n "-" e
					print "-A KUBE-SEP-" n "-" e " -s 198.51.100.2/32" note(n, "") " -j KUBE-MARK-MASQ"
					print "-A KUBE-SEP-" n "-" e " -p tcp" note(n, "") " -m tcp -j DNAT --to-destination 198.51.100.2:80"
				}
			}
			print "COMMIT"
			print "*filter\n:KUBE-FORWARD -"
			print "-A FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD"
			print "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"
			print "-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j ACCEPT"
			print "-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
			print "COMMIT"
		}'
}

service_ip() { echo "10.96.$(($1 / 250)).$(($1 % 250 + 1))"; }

# Of the walk through PREROUTING: rules of the recording as they were met, with those before them.
met() { jq -c 'select(.type == "rule" and .table == "nat" and .hook == "PREROUTING")' "$recording"; }

# Each chain that was met is accounted for without a gap, from its first rule on.
is_whole()
{
	same "$(met | jq -sc 'reduce .[] as $rule ({next: {}, gaps: 0};
		([$rule.no_match[].number] + [$rule.number]) as $numbers | (.next[$rule.chain] // 1) as $first
		| if $numbers == [range($first; $rule.number + 1)] then . else .gaps += 1 end
		| .next[$rule.chain] = $rule.number + 1) | [.gaps, (.next | length > 3)]')" "[0,true]"
}

# passes_services N: why each of the services before the last was not it.
passes_services()
{
	met | jq -r 'select(.chain == "KUBE-SERVICES").no_match[] | "\(.number) \(.unmet | map(.condition + " " + .packet) | join(","))"' \
		>"$trace_dir/have"
	awk -v n="$1" -v packet="$(service_ip "$1")" 'BEGIN {
		for (i = 1; i < n; i++) print i, "-d 10.96." int(i / 250) "." i % 250 + 1 "/32 " packet
	}' >"$trace_dir/want"
	cmp "$trace_dir/have" "$trace_dir/want"
}

# The endpoint is drawn by lot; the lots before it may have said no, and nothing else.
passes_lots()
{
	local endpoint
	endpoint=$(met | jq -r 'select(.target // "" | startswith("KUBE-SEP")).target | split("-")[3]')
	same "$(met | jq -c 'select(.target // "" | startswith("KUBE-SEP")).no_match | map([.unmet, .suspects | length])')" \
		"$(jq -cn "[range(1; $endpoint) | [1, 0]]")" &&
		same "$(met | jq -c 'select(.target // "" | startswith("KUBE-SEP")).no_match | map(.unmet[0] | (.condition | startswith("-m statistic ")) and (.meaning | startswith("decided by lot, probability ")) and (has("packet") | not)) | all')" true
}

# The rules named as matched, in both walks through nat, are those that counted.
counts_agree()
{
	same "$(in_right iptables-legacy-save -c -t nat | awk '/^\[/ { n[$3]++; if ($1 !~ /^\[0:/) print $3, n[$3] }' | sort)" \
		"$(jq -r 'select(.type == "rule" and .table == "nat" and .what == "rule") | "\(.chain) \(.number)"' "$recording" | sort)"
}

# connect NAME ADDRESS PORT: a connection on which the far host answers with a line. "answered" is what came of it, "exchanged" in
# how many packets; returns when the trace NAME has told them all.
connections() { in_right conntrack -L -p tcp 2>/dev/null; }
listens() { in_far grep -q ':0050 00000000:0000 0A ' /proc/net/tcp; }
closed() { connections | awk '$4 != "TIME_WAIT" && $4 != "CLOSE" { open++ } END { exit !NR || open }'; }
told() { [ "$(grep -cE '^  complete: |"type":"packet"' "$trace_dir/$1.out")" -ge "$exchanged" ]; }
connect()
{
	local server
	in_right sysctl -qw net.netfilter.nf_conntrack_acct=1
	in_right conntrack -F 2>/dev/null
	nsenter --net="/run/netns/$far" -- nc -4 -N -l 80 <<<"hello from far" >/dev/null &
	server=$!
	wait_until 10 listens | diag
	answered=$(echo question | in_left nc -N -w $((5 * ${TEST_SLOWNESS:-1})) "$2" "$3")
	wait_until 10 closed | diag
	kill $server 2>/dev/null
	wait $server
	exchanged=$(connections | grep -oE 'packets=[0-9]+' | awk -F= '{ n += $2 } END { print n }')
	wait_until 30 told "$1" | diag
}

# Later packets of the connection are let through as such, and were held against the rules before that one.
lets_through()
{
	same "$(jq -c 'select(.type == "rule" and .chain == "KUBE-FORWARD") | [.number, (.no_match | map(.unmet[0].packet))]' \
		"$recording" | sort | uniq -c | sed 's/^ *//')" \
		"1 [2,[\"NEW,DNAT\"]]
$((exchanged - 1)) [3,[\"ESTABLISHED,SNAT,DNAT\",\"0x0\"]]"
}

ktap_plan 30
for services in 2 100 "${TRACE_SERVICES:-2000}"; do
	kube "$services" | in_right iptables-legacy-restore
	rules=$(in_right iptables-legacy-save -t nat | grep -c '^-A')
	trace kube --explain --format json 'tcp port 80'
	connect kube "$(service_ip "$services")" 80
	trace_stop kube
	check "$rules rules of kube-proxy: the connection came through" same "$answered" "hello from far"
	check "$rules rules: its first packet goes to the endpoint" same \
		"$(jq -r 'select(.type == "enter" and .hook == "POSTROUTING").ip | "\(.destination) \(.destination_port)"' "$recording")" \
		"198.51.100.2 80"
	check "$rules rules: its whole way through them is told" is_whole
	check "$rules rules: why each service before the last was not it" passes_services "$services"
	check "$rules rules: lots that said no are named, and not drawn again" passes_lots
	check "$rules rules: those named as matched are those that counted" counts_agree
	check "$rules rules: why its other packets were let through" lets_through
done
in_right iptables-legacy -t nat -F
in_right iptables-legacy -t nat -X

# eth1 is Docker's bridge, the far host its container.
in_right iptables-legacy-restore <<-END
	*nat
	:DOCKER -
	-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
	-A POSTROUTING -s 198.51.100.0/24 ! -o eth1 -j MASQUERADE
	-A POSTROUTING -s 198.51.100.2/32 -d 198.51.100.2/32 -p udp -m udp --dport 5353 -j MASQUERADE
	-A DOCKER -i eth1 -j RETURN
	-A DOCKER ! -i eth1 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 198.51.100.2:80
	-A DOCKER ! -i eth1 -p udp -m udp --dport 53 -j DNAT --to-destination 198.51.100.2:5353
	COMMIT
	*filter
	:FORWARD DROP
	:DOCKER -
	:DOCKER-ISOLATION-STAGE-1 -
	:DOCKER-ISOLATION-STAGE-2 -
	:DOCKER-USER -
	-A FORWARD -j DOCKER-USER
	-A FORWARD -j DOCKER-ISOLATION-STAGE-1
	-A FORWARD -o eth1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	-A FORWARD -o eth1 -j DOCKER
	-A FORWARD -i eth1 ! -o eth1 -j ACCEPT
	-A FORWARD -i eth1 -o eth1 -j ACCEPT
	-A DOCKER -d 198.51.100.2/32 ! -i eth1 -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT
	-A DOCKER -d 198.51.100.2/32 ! -i eth1 -o eth1 -p udp -m udp --dport 5353 -j ACCEPT
	-A DOCKER-ISOLATION-STAGE-1 -i eth1 ! -o eth1 -j DOCKER-ISOLATION-STAGE-2
	-A DOCKER-ISOLATION-STAGE-1 -j RETURN
	-A DOCKER-ISOLATION-STAGE-2 -o eth1 -j DROP
	-A DOCKER-ISOLATION-STAGE-2 -j RETURN
	-A DOCKER-USER -j RETURN
	COMMIT
END
trace docker --explain -c 2 'udp src port 4001'
in_left bin/send_packet 192.0.2.1 192.0.2.2 17 0fa1003500080000
in_left bin/send_packet 192.0.2.1 198.51.100.2 17 0fa1003600080000
trace_wait docker
check "Docker: a published port" same "$(block docker '192.0.2.2:53 ' | sed -n '/^  nat PREROUTING/,/^  now/p')" \
	"  nat PREROUTING  ACCEPT  T
      1  -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
        1  -A DOCKER -i eth1 -j RETURN
             no match: -i eth1: packet has eth0
        2  -A DOCKER ! -i eth1 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 198.51.100.2:80
             no match: -p tcp: packet has UDP
        3  -A DOCKER ! -i eth1 -p udp -m udp --dport 53 -j DNAT --to-destination 198.51.100.2:5353
  now 192.0.2.1:4001 > 198.51.100.2:5353"
check "Docker: on to the container" same "$(block docker '192.0.2.2:53 ' | sed -n '/^  filter FORWARD/,/^  nat/p' | sed '$d')" \
	"  filter FORWARD eth0 > eth1  ACCEPT  T
      1  -A FORWARD -j DOCKER-USER
        1  -A DOCKER-USER -j RETURN
      2  -A FORWARD -j DOCKER-ISOLATION-STAGE-1
        1  -A DOCKER-ISOLATION-STAGE-1 -i eth1 ! -o eth1 -j DOCKER-ISOLATION-STAGE-2
             no match: -i eth1: packet has eth0, ! -o eth1: packet has eth1
        2  -A DOCKER-ISOLATION-STAGE-1 -j RETURN
      3  -A FORWARD -o eth1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
           no match: -m conntrack --ctstate RELATED,ESTABLISHED: packet has NEW,DNAT
      4  -A FORWARD -o eth1 -j DOCKER
        1  -A DOCKER -d 198.51.100.2/32 ! -i eth1 -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT
             no match: -p tcp: packet has UDP
        2  -A DOCKER -d 198.51.100.2/32 ! -i eth1 -o eth1 -p udp -m udp --dport 5353 -j ACCEPT"
check "Docker: what was not published" same "$(block docker '198.51.100.2:54 ' | sed -n '/ 4  -A FORWARD/,/policy/p')" \
	"      4  -A FORWARD -o eth1 -j DOCKER
        1  -A DOCKER -d 198.51.100.2/32 ! -i eth1 -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT
             no match: -p tcp: packet has UDP
        2  -A DOCKER -d 198.51.100.2/32 ! -i eth1 -o eth1 -p udp -m udp --dport 5353 -j ACCEPT
             no match: -m udp --dport 5353: packet has 54
        return from DOCKER
      5  -A FORWARD -i eth1 ! -o eth1 -j ACCEPT
           no match: -i eth1: packet has eth0, ! -o eth1: packet has eth1
      6  -A FORWARD -i eth1 -o eth1 -j ACCEPT
           no match: -i eth1: packet has eth0
      policy DROP"

trace published --explain 'tcp port 8080 or tcp port 80'
connect published 192.0.2.2 8080
trace_stop published
way() { block published "$1" | sed -n '/^  filter FORWARD/,/^  [^ f]/p' | sed '$d'; }
check "Docker: a connection to a published port" same "$answered, $(blocks published) packets" "hello from far, $exchanged packets"
check "Docker: its first packet" same "$(way ':8080 SYN len ')" \
	"  filter FORWARD eth0 > eth1  ACCEPT  T
      1  -A FORWARD -j DOCKER-USER
        1  -A DOCKER-USER -j RETURN
      2  -A FORWARD -j DOCKER-ISOLATION-STAGE-1
        1  -A DOCKER-ISOLATION-STAGE-1 -i eth1 ! -o eth1 -j DOCKER-ISOLATION-STAGE-2
             no match: -i eth1: packet has eth0, ! -o eth1: packet has eth1
        2  -A DOCKER-ISOLATION-STAGE-1 -j RETURN
      3  -A FORWARD -o eth1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
           no match: -m conntrack --ctstate RELATED,ESTABLISHED: packet has NEW,DNAT
      4  -A FORWARD -o eth1 -j DOCKER
        1  -A DOCKER -d 198.51.100.2/32 ! -i eth1 -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT"
check "Docker: the answer to it" same "$(way ' SYN,ACK len ')" \
	"  filter FORWARD  ACCEPT  T
      1  -A FORWARD -j DOCKER-USER
        1  -A DOCKER-USER -j RETURN
      2  -A FORWARD -j DOCKER-ISOLATION-STAGE-1
        1  -A DOCKER-ISOLATION-STAGE-1 -i eth1 ! -o eth1 -j DOCKER-ISOLATION-STAGE-2
          1  -A DOCKER-ISOLATION-STAGE-2 -o eth1 -j DROP
               no match: -o eth1: packet has eth0
          2  -A DOCKER-ISOLATION-STAGE-2 -j RETURN
        2  -A DOCKER-ISOLATION-STAGE-1 -j RETURN
      3  -A FORWARD -o eth1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
           no match: -o eth1: packet has eth0
      4  -A FORWARD -o eth1 -j DOCKER
           no match: -o eth1: packet has eth0
      5  -A FORWARD -i eth1 ! -o eth1 -j ACCEPT"
check "Docker: what follows" same "$(way ':80 FIN,ACK len ' | tail -n 1)" \
	"      3  -A FORWARD -o eth1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
for name in docker published; do
	check "Docker: nothing is lost" grep -q ', nothing lost$' "$trace_dir/$name.err"
done
ktap_end
