#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iptables-bpf compile: over a corpus of packets, two hundred expressions and more decide as libpcap's own interpreter does: as
# bytecode in the kernel, in a rule, and in iptables-bpf test.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
. ../lib/packets.sh
pins=/sys/fs/bpf/tool

# What a packet may be asked for, alone and in pairs.
alone=(ip ip6 tcp udp icmp icmp6 sctp esp ah igmp 'proto 47' 'ip proto 17' 'ip6 proto 6'
	'host 192.0.2.1' 'src host 192.0.2.1' 'dst host 192.0.2.1' 'src or dst host 192.0.2.2' 'src and dst host 192.0.2.1'
	'net 192.0.2.0/24' 'src net 198.51.100.0/24' 'dst net 192.0.2.0 mask 255.255.255.254' 'net 192.0'
	'host 2001:db8::1' 'src host 2001:db8::3' 'dst net 2001:db8::/32' 'net 2001:db8::2/127' 'host 192.0.2.1 or host 2001:db8::1'
	'port 53' 'src port 53' 'dst port 53' 'src or dst port 443' 'src and dst port 53' 'tcp port 443' 'udp port 53' 'sctp port 80'
	'portrange 50-60' 'src portrange 1000-2000' 'udp dst portrange 53-53' 'tcp portrange 440-450' 'port 53 or port 80 or port 443'
	'less 40' 'greater 60' 'len = 48' 'len > 28 and len < 60' 'len & 1 = 1' 'len - 20 <= 20'
	'ip[0] & 0xf > 5' 'ip[0] & 0xf = 5' 'ip[6:2] & 0x1fff = 0' 'ip[6] & 0x20 != 0' 'ip[6:2] & 0x3fff != 0' 'ip[8] < 64' 'ip[8] >= 64'
	'ip[9] = 17' 'ip[1] & 0xfc >> 2 = 46' 'ip[2:2] = 48' 'ip[2:2] - ((ip[0] & 0xf) << 2) > 20' 'ip[12:4] = 0xc0000201' 'ip[4:2] % 7 = 3'
	'ip6[6] = 6' 'ip6[6] = 0 or ip6[6] = 60' 'ip6[7] = 64' 'ip6[4:2] > 20' 'ip6[0:4] & 0xfffff != 0' 'ip6[40] = 17' 'ip6[24:4] = 0x20010db8'
	'tcp[13] & 2 != 0' 'tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn' 'tcp[tcpflags] = tcp-syn|tcp-ack' 'tcp[tcpflags] & tcp-rst != 0'
	'tcp[12] >> 4 > 5' 'tcp[14:2] > 1024' 'tcp[0:2] ^ tcp[2:2] = 396' 'tcp[20:4] = 0x020405b4' 'tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420'
	'udp[4:2] > 20' 'udp[8] = 0x78' 'udp[8:4] * 2 = 0xf0f0f0f0' 'udp[2:2] / 53 = 1' 'udp[0:2] | udp[2:2] = 0xffff' 'udp[9] + udp[10] > 200'
	'icmp[icmptype] = icmp-echo' 'icmp[icmptype] = icmp-unreach and icmp[icmpcode] = 3' 'icmp[0] = icmp[1]' 'icmp6[icmp6type] = icmp6-echo'
	'ether proto 0x0800' 'ether proto 0x86dd' 'not ip and not ip6' 'not tcp' 'not (udp or icmp)' 'not port 53' '1 = 1' 'len = len')
first=('host 192.0.2.1' 'src net 192.0.2.0/24' 'portrange 1-1000' 'ip[8] > 63' 'less 60' 'not icmp' 'tcp or sctp')
second=('port 53' 'tcp[13] & 2 != 0' 'len & 3 = 0' 'dst port 443' 'ip[6:2] & 0x1fff = 0' 'src port 40000' 'icmp or icmp6' 'greater 36')

expressions=("${alone[@]}")
for one in "${first[@]}"; do
	for other in "${second[@]}"; do
		expressions+=("$one and $other" "$one or $other")
	done
done

# Packets that a host sends as they are.
sound=()
hosts=(c0000201 c0000202 c6336401) hosts6=(20010db8000000000000000000000001 20010db8000000000000000000000003)
for ports in '40000 53' '53 53' '53 1999' '40000 443' '1000 80' '65535 0'; do
	# shellcheck disable=SC2086 # two ports
	set -- $ports
	for from4 in "${hosts[@]}"; do
		sound+=("$(ip4 17 "$(udp "$@" 78787878)")" "$(ttl=3 tos=184 ip4 6 "$(tcp "$@" 2 020405b4)")")
	done
	from4=${hosts[0]}
	sound+=("$(options4=0101010101010100 id4=10 ip4 17 "$(udp "$@" "78$(zeros 40)")")" "$(ip4 6 "$(tcp "$@" 18 '' 47455420)")"
		"$(window=512 ip4 6 "$(tcp "$@" 4 '')")" "$(ip4 132 "$(udp "$@" '')")" "$(ip4 47 "$(udp "$@" '')")"
		"$(fragment4=0x2000 ip4 17 "$(udp "$@" "$(zeros 16)")")" "$(fragment4=0x0003 ip4 17 "$(udp "$@" "$(zeros 17)")")")
	for from6 in "${hosts6[@]}"; do
		sound+=("$(ip6 17 "$(udp "$@" 78787878)")" "$(ttl=255 flow6=0x12345 ip6 6 "$(tcp "$@" 2 020405b4)")")
	done
	from6=${hosts6[0]}
	sound+=("$(ip6 60 "$(options6 17 0 "$(udp "$@" 78)")")" "$(ip6 44 "$(fragment6 17 1 "$(udp "$@" "$(zeros 16)")")")"
		"$(ip6 132 "$(udp "$@" '')")" "$(ip6 51 "$(auth6 6 4 "$(tcp "$@" 16 '')")")")
done
for type in 0000 0800 0303 0b00; do sound+=("$(ip4 1 "${type}000000010001$(zeros 20)")"); done
for type in 8000 0100 8700; do sound+=("$(ip6 58 "${type}000000010001$(zeros 20)")"); done
for protocol in 2 50 51 60 255; do sound+=("$(ip4 $protocol "$(zeros 24)")"); done

# And of which a filter must not read what is not there.
unsound=()
for packet in "$(ip4 17 "$(udp 53 53 7878)")" "$(options4=01010100 ip4 6 "$(tcp 40000 443 2 020405b4)")" "$(ip6 6 "$(tcp 53 80 2 '')")"; do
	for ((size = 1; size < ${#packet} / 2; size += 2)); do unsound+=("$(cut $size "$packet")"); done
done
unsound+=("$(ip4 17 "$(udp 53 53 7878)" | sed s/^4./4f/)" "$(tcp_words=15 ip4 6 "$(tcp 1 443 2 '')")")

lines_of() { printf '%s\n' "$@"; }

# A digit a packet, a line an expression.
test_says()
{
	local expression
	for expression in "${expressions[@]}"; do
		iptables-bpf test --pcap "$files/all.pcap" "$expression" || return
		echo end
	done | awk '/^ *[0-9]+  match /{ printf "1" } /^ *[0-9]+  no match /{ printf "0" } /^end$/ { print "" }'
}

compile_all()
{
	local expression
	for expression in "${expressions[@]}"; do
		printf '%s\t%s\n' "$(iptables-bpf compile "$expression" 2>/dev/null)" "$expression"
	done
}

# agree WHAT FILE: what it says of each packet is libpcap's word, expression by expression.
agree()
{
	paste "$files/libpcap" "$2" <(lines_of "${expressions[@]}") | awk -F'\t' -v what="$1" -v n=${#expressions[@]} '
		$1 != $2 { print what ": " $3 "\n  libpcap " $1 "\n  " what " " $2; bad = 1 }
		END { exit bad || NR != n }'
}

# rules_of VERSION: how many of the packets that are sent each expression takes, by libpcap's word, its code and itself. Those
# that take none are left out: for a family that an expression rules out, libpcap makes no code.
rules_of()
{
	paste "$files/libpcap" "$files/compiled" | awk -F'\t' -v version="$1" -v packets="${sound[*]}" '
		BEGIN { n = split(packets, p, " ") }
		{
			sum = 0
			for (i = 1; i <= n; i++) if (p[i] ~ ("^" version)) sum += substr($1, i, 1)
			if (sum) print sum "\t" $2 "\t" $3
		}'
}

# rules_count TOOL OPTION: a rule for each expression, which OPTION takes as bytecode or as it is.
rules_count()
{
	local version=4 field=2
	[[ $1 != ip6* ]] || version=6
	[ "$2" = --bytecode ] || field=3
	rules_of "$version" >"$files/rules"
	{
		printf '%s\n' '*raw' ':OUTPUT ACCEPT [0:0]'
		awk -F'\t' -v option="$2" -v field="$field" '{ print "-A OUTPUT -o lo -m bpf " option " \"" $field "\"" }' "$files/rules"
		# Nobody answers.
		printf '%s\n' ':PREROUTING ACCEPT [0:0]' '-A PREROUTING -j DROP' COMMIT
	} | ours "$1-restore" || return
	"$bin_dir/filter_verdicts" -s "$files/sound.pcap" &&
		ours "$1" -t raw -vnxL OUTPUT | awk 'NR > 2 { print $1 }' >"$files/counted"
	"$1" -t raw -F
	paste "$files/rules" "$files/counted" | awk -F'\t' '
		$1 != $4 { print $3 ": " $4 " packets, want " $1; bad = 1 }
		END { exit bad || NR < 100 }'
}

# An expression that takes all packets or none shows little: how many of them tell packets apart.
telling() { grep -c '0.*1\|1.*0' "$files/libpcap"; }

tool_begin "$@"
ip addr add 192.0.2.2/32 dev lo
ip -6 addr add 2001:db8::2/128 dev lo nodad
write_capture "$files/sound.pcap" "${sound[@]}"
write_capture "$files/all.pcap" "${sound[@]}" "${unsound[@]}"
compile_all >"$files/compiled"
"$bin_dir/filter_verdicts" "$files/all.pcap" <"$files/compiled" >"$files/verdicts"
awk '{ print $1 }' "$files/verdicts" >"$files/libpcap"
awk '{ print $2 }' "$files/verdicts" >"$files/kernel"
test_says >"$files/test"

ktap_plan 7
check "two hundred expressions and more, nearly all of which tell packets apart" \
	test ${#expressions[@]} -ge 200 -a "$(telling)" -ge 190
check "compiled, they decide in the kernel as in libpcap" agree kernel "$files/kernel"
check "test decides as libpcap does" agree test "$files/test"
check "rules of compiled bytecode count what libpcap takes" rules_count iptables-legacy --bytecode
check "rules of the expressions do, on the other back end" rules_count iptables-nft --expression
check "rules of compiled bytecode do, of IPv6" rules_count ip6tables-nft --bytecode
check "rules of the expressions do, of IPv6" rules_count ip6tables-legacy --expression
ktap_end
