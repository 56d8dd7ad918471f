#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# examples.sh: what the example programs cost for a packet that they do not match, in instructions, and what the rules cost
# that each of them replaces; see lib.sh. A row is "what<TAB>instructions a packet"; the cost of everything but the rules is
# measured without them and taken off.

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/packets.sh
. bench/lib.sh

examples=/usr/lib/iptables-ebpf/examples
export IPTABLES_EBPF_REVISION=2

# taken: nanoseconds a packet of those that $packet says, from left: of several runs the least, as others are interrupted.
taken()
{
	local run
	for run in warm 1 2 3 4 5 6 7; do
		echo "$run $(in_left bin/send_packet -t -n $packets 192.0.2.1 192.0.2.2 "${packet[@]}")"
	done | awk -v n=$packets '$1 != "warm" && (!least || $2 < least) { least = $2 } END { printf "%.0f", least / n }'
}

# row NAME N RULE: for both back ends, of N such rules.
row()
{
	local tool none
	for tool in iptables-legacy iptables-nft; do
		ruleset $tool "$3" 0
		none=$(taken)
		ruleset $tool "$3" "$2"
		printf '%s %s\t%s\n' $tool "$1" $(($(taken) - none))
		in_right $tool -t raw -F
	done
}

# load OBJECT [PROGRAM]: pinned with its maps in a folder of its own.
load()
{
	mkdir -p "$pin_dir/$1"
	iptables-bpf load "$examples/$1.bpf.o" ${2:+--program "$2"} "$pin_dir/$1/${2:-$1}" >/dev/null
}
map() { iptables-bpf map "$pin_dir/$1/$2" set "${@:3}"; }
pinned() { echo "-m bpf --object-pinned $pin_dir/$1/${2:-$1}"; }

# networks FIRST LAST: of 10.0.0.0/8, which holds no address of a packet, in lines for bpftool.
networks()
{
	local i
	for ((i = $1; i <= $2; i++)); do
		printf 'map update pinned %s key hex 20 00 00 00 0a 00 %02x %02x value hex 00 00 00 00 00 00 00 00\n' \
			"$pin_dir/address_set/networks4" $((i / 256)) $((i % 256))
	done
}

make_pair >/dev/null
load_ours
packets=100

packet=(17 "$(udp 1000 1001 "$(zeros 18)")")
load address_set source_in_set
row '1000 addresses' 1000 '-s 10.0.0.1'
row '5000 addresses' 5000 '-s 10.0.0.1'
networks 1 1000 | bpftool batch file - >/dev/null
row 'address_set of 1000' 1 "$(pinned address_set source_in_set)"
networks 1001 5000 | bpftool batch file - >/dev/null
row 'address_set of 5000' 1 "$(pinned address_set source_in_set)"

load port_set
map port_set ports protocol=17,number=9 0
row '100 ports' 100 '-p udp --dport 9'
row port_set 1 "$(pinned port_set)"

load source_rate
map source_rate rate 0 packets=1000000,seconds=1,burst=1000
row hashlimit 1 '-m hashlimit --hashlimit-name bench --hashlimit-mode srcip --hashlimit-above 1000000/sec --hashlimit-burst 1000'
row source_rate 1 "$(pinned source_rate)"

packet=(17 "$(udp 49152 4789 "0800000000100000$(zeros 64)")")
load vxlan_vni
map vxlan_vni vnis 4097 0
row 'u32 of VNI' 1 '-p udp --dport 4789 -m u32 --u32 0>>22&0x3C@12&0xFFFFFF00=0x00100100'
row vxlan_vni 1 "-p udp --dport 4789 $(pinned vxlan_vni)"

packet=(6 "$(tcp 40000 443 2 020405b40402080a00000001000000000103030a)")
load syn_without_mss
row 'no tcp-option' 1 '-p tcp --syn -m tcp ! --tcp-option 2'
row syn_without_mss 1 "-p tcp $(pinned syn_without_mss)"
load tcp_fingerprint
map tcp_fingerprint signatures 0 '*:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0'
row tcp_fingerprint 1 "-p tcp $(pinned tcp_fingerprint)"

packet=(17 "$(udp 5353 53 "123401000001000000000000$(printf '03777777076578616d706c65036e6574')0000010001")")
load dns_name
map dns_name names www.example.com packets=0
row 'string of a name' 1 '-p udp --dport 53 -m string --algo bm --icase --hex-string |03|www|07|example|03|com|00|'
row dns_name 1 "-p udp --dport 53 $(pinned dns_name)"

packet=(17 "$(udp 68 67 "01010600$(zeros 232)638253633501013d0701525400123457ff$(zeros 44)")")
load dhcp_client_id
map dhcp_client_id clients4 '01 52:54:00:12:34:56' 0
row 'string of an id' 1 '-p udp --dport 67 -m string --algo bm --hex-string |3d0701525400123456|'
row dhcp_client_id 1 "-p udp --dport 67 $(pinned dhcp_client_id)"

packet=(6 "$(tcp 40000 80 0x18 0101080a0000000100000002 "$(text_hex "GET /index.html HTTP/1.1 Host: www.example.com$(printf '%*s' 1000 '')")")")
load payload_string
map payload_string strings 0 text=tracker.example,last=1000
row 'string in a kilobyte' 1 '-p tcp -m string --algo bm --to 1100 --string tracker.example'
row 'payload_string in a kilobyte' 1 "-p tcp $(pinned payload_string)"
map payload_string strings 0 'text=POST /,last=0'
row 'string at the beginning' 1 '-p tcp -m string --algo bm --from 52 --to 59 --string POST'
row 'payload_string at the beginning' 1 "-p tcp $(pinned payload_string)"
