#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Chains of nf_tables with names that are longer than events have room for, as kube-proxy and netavark make them, and of which one
# seems to have another's: their rules are known by their handles, live and recorded.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

# 31 characters, and one more.
base=nv_2f259bab_172_18_0_0_nm24_dna
nat=${base}t
service='service-ULMVA6XW-ns1/svc1/tcp/p80'
make_pair
in_right nft -f - <<-END
	table inet long {
		chain $nat { udp dport 1009 accept; udp dport 1001 counter; }
		chain $service { udp dport 1009 drop; udp dport 1002 accept; }
		chain $base {
			type filter hook input priority 0; policy drop;
			udp dport 1001 jump $nat
			udp dport 1002 goto $service
			udp dport 1003 accept
		}
	}
END
# handle TEXT: of the rule that has it, in the chain that $1 names.
handle() { in_right nft -a list chain inet long "$1" | sed -nE "s/.*$2.* # handle ([0-9]+)$/\1/p"; }
head() { echo "TIME #$1 UDP 192.0.2.1:4000 > 192.0.2.2:$2 len 28 in eth0 netns RIGHT"; }

ktap_plan 7
trace explained -c 3 --explain 'udp and dst portrange 1001-1003'
for port in 1001 1002 1003; do udp $port; done
trace_wait explained
check "a chain that seems to have the base chain's name has its own rules" block_is explained ":1001 " <<-END
	$(head 1 1001)
	  nft inet long $base at INPUT  DROP  T
	      handle $(handle $base 1001)  udp dport 1001 jump $nat
	        handle $(handle $nat 1009)  udp dport 1009 accept
	             no match: udp dport 1009: packet has 1001
	        handle $(handle $nat 1001)  udp dport 1001 counter
	        return from $nat
	      handle $(handle $base 1002)  udp dport 1002 goto $service
	           no match: udp dport 1002: packet has 1001
	      handle $(handle $base 1003)  udp dport 1003 accept
	           no match: udp dport 1003: packet has 1001
	      policy drop
	  complete: DROP in nft inet long $base at INPUT
END
check "so has one whose name is cut" block_is explained ":1002 " <<-END
	$(head 2 1002)
	  nft inet long $base at INPUT  ACCEPT  T
	      handle $(handle $base 1001)  udp dport 1001 jump $nat
	           no match: udp dport 1001: packet has 1002
	      handle $(handle $base 1002)  udp dport 1002 goto $service
	        handle $(handle $service 1009)  udp dport 1009 drop
	             no match: udp dport 1009: packet has 1002
	        handle $(handle $service 1002)  udp dport 1002 accept
	  complete: ACCEPT in nft inet long $base at INPUT
END

trace chosen -c 1 --chain $nat 'udp and dst portrange 1001-1003'
for port in 1003 1002 1001; do udp $port; done
trace_wait chosen
check "--chain takes all of the name" same "$(shown chosen | grep -o ':100[0-9] ')" ":1001 "

trace lines -c 1 --format line 'udp dst port 1001'
udp 1001
trace_wait lines
check "lines name chains likewise" same "$(sed -nE 's/.* \| (nv_[^ :]*).*/\1/p' "$trace_dir/lines.out" | xargs)" \
	"$base $nat $nat $base"

trace recorded -c 2 --format json 'udp and dst portrange 1001-1002'
for port in 1001 1002; do udp $port; done
trace_wait recorded
again() { iptables-trace --color never --read "$trace_dir/$1" --format "$2" "${@:3}" 2>/dev/null; }
again recorded.out pcapng >"$trace_dir/recorded.pcapng"
check "a recording has what the chains are called" same \
	"$(again recorded.out tree --explain | steady | trees_by_packet)" "$(shown explained | trees_by_packet | sed '/:1003 /,$d')"
check "so has a capture file" same "$(again recorded.pcapng tree)" "$(again recorded.out tree)"

# shellcheck disable=SC2016 # the inner shell's
no_nft() { unshare -m sh -c 'mount --bind /dev/null /usr/sbin/nft; exec iptables-trace "$@"' - "$@"; }
no_nft --netns "$right" -c 1 'udp dst port 1001' >"$trace_dir/no_nft" 2>"$trace_dir/no_nft.err" &
wait_until 20 grep -q tracing "$trace_dir/no_nft.err"
udp 1001
wait $!
check "without nft it is said that the name was cut" same "$(grep -c "rule of $base\.\.\.$\|return from $base\.\.\.$" "$trace_dir/no_nft")" 2
ktap_end
