#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iptables-bpf compile and test: rules with what compile prints count as many packets as test says of the same packets, and
# test names what decided.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh
. ../lib/tool.sh
pins=/sys/fs/bpf/tool

expressions=(ip tcp udp 'not udp' 'udp port 1000' 'udp dst port 1001 or udp src port 53' 'udp portrange 999-1000' 'greater 60' 'less 40'
	'host 127.0.0.1' 'src net 127.0.0.0/8 and not udp port 998' 'udp[8] = 0x78' 'udp[4:2] > 20' 'ip[6:2] & 0x4000 != 0' 'ip[8] > 63'
	'icmp' 'udp port 1000 and ip[2:2] < 100' 'udp[2:2] - 1 = 999' 'udp[2:2] % 3 = 1')

# capture: rules count the packets that are written down.
capture()
{
	tcpdump -i lo -U -w "$files/seen.pcap" udp 2>"$files/tcpdump" &
	local dumping=$! port
	wait_until 10 grep -q 'listening on' "$files/tcpdump" || return
	for port in 998 1000 1001; do "$bin_dir/udp_send" -n $((port - 990)) 127.0.0.1 $port; done
	wait_until 10 captured_are $((8 + 10 + 11))
	kill $dumping
	wait $dumping
	captured_are $((8 + 10 + 11))
}
captured_are() { [ "$(tcpdump -nr "$files/seen.pcap" 2>/dev/null | wc -l)" = "$1" ]; }

matching() { iptables-bpf test --pcap "$files/seen.pcap" "$@" | tail -n 1 | sed 's/ match.*//'; }

# One rule for each expression, of bytecode that compile made.
count_in_kernel()
{
	local expression
	{
		printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]'
		for expression in "${expressions[@]}"; do
			echo "-A INPUT -i lo -p udp -m bpf --bytecode \"$(iptables-bpf compile "$@" "$expression")\""
		done
		echo COMMIT
	} | ours iptables-legacy-restore
}

counts() { ours iptables-legacy -vnxL INPUT | awk 'NR > 2 { print $1 }' | xargs; }

agrees()
{
	local expression want=()
	for expression in "${expressions[@]}"; do want+=("$(matching "$expression")"); done
	same "$1" "${want[*]}" && [[ " $1 " == *' 29 '* && " $1 " == *' 0 '* && " $1 " == *' 10 '* ]]
}

same_as_expression()
{
	local expression
	for expression in "${expressions[@]}"; do
		same "$(matching "$(iptables-bpf compile "$expression")") $(matching -4 "$(iptables-bpf compile -4 "$expression")")" \
			"$(matching "$expression") $(matching -4 "$expression")" || { echo "of $expression"; return 1; }
	done
}

ebpf_is_run()
{
	same "$(matching $pins/all)" 29 && same "$(matching "$bpf_dir/match_none.bpf.o")" 0 &&
		same "$(matching --program second "$bpf_dir/two_of_them.bpf.o")" 29 &&
		same "$(matching "$bpf_dir/udp_1000.bpf.o")" 10 &&
		says 'match     udp 127.0.0.1' iptables-bpf test --pcap "$files/seen.pcap" $pins/all
}

netfilter_is_run()
{
	if grep -q bpf_prog_test_run_nf /proc/kallsyms; then
		same "$(matching "$bpf_dir/nf_accept.bpf.o")" 29
	else
		ends 1 'Linux 6.4 and later do' iptables-bpf test --pcap "$files/seen.pcap" "$bpf_dir/nf_accept.bpf.o"
	fi
}

test_says() { says "$1" iptables-bpf test --pcap "$files/seen.pcap" "${@:2}"; }

# It is told by the file that a packet was cut.
cut_packets()
{
	head -c $((24 + 16 + 14 + 21)) "$files/seen.pcap" >"$files/cut.pcap"
	ends 1 'cut.pcap: after 0 packets: ' iptables-bpf test --pcap "$files/cut.pcap" udp
}

nobody_tests()
{
	chmod 644 "$files/seen.pcap"
	says '10 match, 19 do not' as_nobody iptables-bpf test --pcap "$files/seen.pcap" 'udp port 1000' &&
		ends 3 'try sudo' as_nobody iptables-bpf test --pcap "$files/seen.pcap" "$bpf_dir/match_all.bpf.o"
}

formats()
{
	same "$(iptables-bpf compile -4 'ip proto 17')" '5,0 0 0 0,48 0 0 9,21 0 1 17,6 0 0 65535,6 0 0 0' &&
		same "$(iptables-bpf compile -4 --format c 'ip proto 17' | sed -n 3p)" '{ 0x0015, 0, 1, 0x00000011 },' &&
		says '(002) jeq      #0x11' iptables-bpf compile -4 --format asm 'ip proto 17'
}

too_long()
{
	local hosts
	printf -v hosts ' or src host 192.0.2.%d' {2..80}
	ends 0 'revision 1 of the match takes 64' iptables-bpf compile "src host 192.0.2.1$hosts" &&
		ours iptables-legacy -A INPUT -m bpf --bytecode "$(iptables-bpf compile "src host 192.0.2.1$hosts" 2>/dev/null)" 2>/dev/null &&
		iptables-legacy -F
}

tool_begin "$@"
pin all match_all
count_in_kernel
capture || echo '# the packets could not be captured'
both=$(counts)
count_in_kernel -4
# The same packets again.
mv "$files/seen.pcap" "$files/first.pcap"
capture || echo '# the packets could not be captured again'
of_ipv4=$(counts)
iptables-legacy -F

ktap_plan 19
check "rules of compiled expressions count what test says" agrees "$both"
check "those that were compiled for IPv4 too" agrees "$of_ipv4"
check "bytecode and the expression that it was made of are the same to test" same_as_expression
check "eBPF is run by the kernel, pinned or out of an object" ebpf_is_run
check "of type netfilter too" netfilter_is_run
check "a comparison that failed is named with its value" test_says ': A is 0x11 (17)' tcp
check "a packet that is too short for the code is named" test_says 'behind the end of the packet' '2,48 0 0 2000,6 0 0 1'
check "what a capture cannot tell is unknown, and said" ends 4 '29 cannot be told' \
	iptables-bpf test --pcap "$files/seen.pcap" '2,32 0 0 4294963220,6 0 0 1'
check "-v shows every step" test_says '(002) jeq      #0x11            jt 3 jf 4    A 0x11 X 0x0' -v "$(iptables-bpf compile -4 'ip proto 17')"
check "the other family is left out" test_says '0 match, 0 do not, 0 cannot be told; 29 of no such family' -6 ip6
check "a damaged file is said" cut_packets
check "a file that is not there is named" ends 1 "$files/none" iptables-bpf test --pcap "$files/none" udp
check "a pin that is not there is named" ends 1 "$pins/none: nothing is pinned there" iptables-bpf test --pcap "$files/seen.pcap" $pins/none
check "bytecode that the kernel does not take is refused" ends 1 'returns nothing' iptables-bpf test --pcap "$files/seen.pcap" '1,0 0 0 1'
check "nobody needs root for classic BPF" nobody_tests
check "compile prints for iptables, for C, and in words" formats
check "code that is too long for revision 1 is said, and is code for revision 2" too_long
check "an expression that is none has libpcap's words" ends 1 "expression 'tcp prt 1': " iptables-bpf compile tcp prt 1
check "a format that is none is named" ends 2 perl iptables-bpf compile --format perl tcp
ktap_end
