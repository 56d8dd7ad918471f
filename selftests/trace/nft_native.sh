#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tables of nft's own, with its words and handles; beside those of iptables, on one timeline; and never with the text of rules
# that a packet has not walked, however they are replaced.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
in_right nft -f - <<-END
	table inet web {
		set known { type ipv4_addr; elements = { 192.0.2.1 }; }
		map ports { type inet_service : verdict; elements = { 1001 : jump one, 1002 : goto two }; }
		chain one { ip saddr @known return; counter drop; }
		chain two { udp length 8 accept comment "a comment; # handle 1"; }
		chain input {
			type filter hook input priority 10; policy drop;
			ip saddr { 198.51.100.1, 198.51.100.2, 198.51.100.3, 198.51.100.4, 198.51.100.5, 198.51.100.6 } drop
			udp dport vmap @ports
			udp dport 1003 meta mark set 0x5
			udp dport 1003 reject
			udp dport { 1001, 1004 } accept
		}
	}
END
# handle TEXT: of the rule that has it.
handle() { in_right nft -a list table "${2:-inet}" "${3:-web}" | sed -nE "s/.*$1.* # handle ([0-9]+)$/\1/p"; }
head() { echo "TIME #$1 UDP 192.0.2.1:4000 > 192.0.2.2:$2 len 28 in eth0 netns RIGHT"; }

ktap_plan 19
trace native -c 5 'udp and dst portrange 1001-1005'
for port in 1001 1002 1003 1004 1005; do udp $port; done
trace_wait native
check "only nf_tables has rules, and that is said" grep -qx \
	'iptables-trace: rules live in nf_tables (iptables-nft, nft), and none in iptables-legacy' "$trace_dir/native.err"
check "a map jumps, a set returns" block_is native ":1001 " <<-END
	$(head 1 1001)
	  nft inet web input at INPUT  ACCEPT  T
	      handle $(handle 'vmap @ports')  udp dport vmap @ports
	        handle $(handle @known)  ip saddr @known return
	      handle $(handle '1001, 1004')  udp dport { 1001, 1004 } accept
	  complete: ACCEPT in nft inet web input at INPUT
END
check "a map goes elsewhere, and a comment is no handle" block_is native ":1002 " <<-END
	$(head 2 1002)
	  nft inet web input at INPUT  ACCEPT  T
	      handle $(handle 'vmap @ports')  udp dport vmap @ports
	        handle $(handle 'udp length')  udp length 8 accept comment "a comment; # handle 1"
	  complete: ACCEPT in nft inet web input at INPUT
END
check "a rule that goes on, and its mark; one that rejects" block_is native ":1003 " <<-END
	$(head 3 1003)
	  nft inet web input at INPUT  DROP  T
	      handle $(handle 'mark set')  udp dport 1003 meta mark set 0x00000005
	           mark 0x5
	      handle $(handle 'reject')  udp dport 1003 reject
	  complete: DROP in nft inet web input at INPUT
END
check "the policy" block_is native ":1005 " <<-END
	$(head 5 1005)
	  nft inet web input at INPUT  DROP  T
	      policy drop
	  complete: DROP in nft inet web input at INPUT
END
check "nothing is lost" grep -q 'nothing lost$' "$trace_dir/native.err"

trace rejected -c 1 --verdict reject 'udp dst port 1003'
udp 1003
trace_wait rejected
check "--verdict reject knows that rule" same "$(blocks rejected)" 1

trace explained -c 1 --explain 'udp dst port 1004'
udp 1004
trace_wait explained
check "--explain says by their handles which rules did not match, and why" same \
	"$(shown explained | grep -B 1 'no match' | grep -oE 'handle [0-9]+|no match: .*' | xargs)" \
	"handle $(handle '198.51.100.6') no match: ip saddr { 198.51.100.1, 198.51.100.2, 198.51.100.3, 198.51.100.4, 198.51.100.5, 198.51.100.6 }: packet has 192.0.2.1 handle $(handle 'vmap @ports') no match: udp dport vmap @ports: packet has 1004 handle $(handle 'mark set') no match: udp dport 1003: packet has 1004 handle $(handle 'reject') no match: udp dport 1003: packet has 1004"

# All three kinds of tables at one hook: by their priorities, -300, 0 twice and 10. Whoever came first goes first.
in_right iptables-legacy -A INPUT -p udp -m udp --dport 1004 -m comment --comment legacy
in_right iptables-nft -t raw -A PREROUTING -p udp -m udp --dport 1004 -m comment --comment nft
in_right nft -f - <<-END
	table ip filter {
		chain mine { type filter hook input priority 5; udp dport 1004 counter packets 0 bytes 0 accept; }
	}
END
trace order -c 1 'udp dst port 1004'
udp 1004
trace_wait order
check "both back ends have rules, and that is said" grep -qx \
	'iptables-trace: rules live both in iptables-legacy and in nf_tables (iptables-nft, nft)' "$trace_dir/order.err"
check "both are on one timeline, in the order of hook and priority" block_is order ":1004 " <<-END
	$(head 1 1004)
	  nft ip raw PREROUTING  ACCEPT  T
	      1  -A PREROUTING -p udp -m udp --dport 1004 -m comment --comment nft
	      policy ACCEPT
	  filter INPUT  ACCEPT  T
	      1  -A INPUT -p udp -m udp --dport 1004 -m comment --comment legacy
	      policy ACCEPT
	  nft ip filter mine at INPUT  ACCEPT  T
	      handle $(handle 1004 ip filter)  udp dport 1004 counter accept
	  nft inet web input at INPUT  ACCEPT  T
	      handle $(handle '1001, 1004')  udp dport { 1001, 1004 } accept
	  complete: ACCEPT in nft inet web input at INPUT
END
trace chosen -c 1 --table inet:web 'udp dst port 1004'
udp 1004
trace_wait chosen
check "--table inet:web shows that table alone" same "$(shown chosen | grep -c ' ACCEPT  T$')" 1
trace named -c 1 --table filter 'udp dst port 1004'
udp 1004
trace_wait named
check "--table filter shows those of both back ends" same "$(shown named | grep ' ACCEPT  T$' | xargs)" \
	"filter INPUT ACCEPT T nft ip filter mine at INPUT ACCEPT T"

# A table that is made anew begins its handles anew: the same handle, another rule.
anew()
{
	in_right nft -f - <<-END
		add table inet again
		delete table inet again
		table inet again { chain c { type filter hook input priority -5; udp dport 1001-1004 accept comment "rules-$1-"; }; }
	END
}
texts() { shown "$1" | sed -nE 's/.*(handle [0-9]+).*rules-([0-9]*)-.*/\1:\2/p; s/.*text of rules unknown: /unknown: /p' | xargs -d '\n'; }
anew 1
trace again -c 4 --table inet:again 'udp dst port 1004'
udp 1004
wait_until 10 grep -q 'rules-1-' "$trace_dir/again.out"
anew 2
udp 1004
wait_until 10 grep -q 'rules-2-' "$trace_dir/again.out"
kill -STOP "${trace_pids[again]}"
anew 3
udp 1004
anew 4
udp 1004
kill -CONT "${trace_pids[again]}"
trace_wait again
check "a handle is not shown with the text of another generation" same "$(texts again)" \
	"handle 2:1 handle 2:2 unknown: the rules were replaced before they could be read handle 2:4"

# Whatever is changed elsewhere in the namespace, the rules of this table are the same.
trace elsewhere -c 20 --table inet:again 'udp dst port 1004'
for i in $(seq 1 20); do
	in_right nft add element inet web known "{ 198.51.100.$i }"
	udp 1004
done
trace_wait elsewhere
check "a change in another table makes nothing unknown for longer than a moment" \
	[ "$(shown elsewhere | grep -c 'rules-4-')" -ge 1 ]

# shellcheck disable=SC2016 # the inner shell's
no_nft() { unshare -m sh -c 'mount --bind /dev/null /usr/sbin/nft; exec iptables-trace "$@"' - "$@"; }
no_nft --netns "$right" -c 1 --table inet:again 'udp dst port 1004' >"$trace_dir/no_nft" 2>"$trace_dir/no_nft.err" &
wait_until 20 grep -q tracing "$trace_dir/no_nft.err"
udp 1004
wait $!
check "without nft there are handles, and the reason" same "$(sed -n 3,4p "$trace_dir/no_nft")" \
	"      text of rules unknown: nft is not installed (package nftables)
      handle 2  rule of c"

# shellcheck disable=SC2016 # the inner shell's
no_save() { unshare -m sh -c 'mount --bind /dev/null /usr/sbin/xtables-nft-multi; exec iptables-trace "$@"' - "$@"; }
no_save --netns "$right" -c 1 --table raw 'udp dst port 1004' >"$trace_dir/no_save" 2>"$trace_dir/no_save.err" &
wait_until 20 grep -q tracing "$trace_dir/no_save.err"
udp 1004
wait $!
check "without iptables-nft-save its rules are as nft shows them" grep -q 'handle [0-9]*  udp dport 1004 ' "$trace_dir/no_save"

# What it shows of a table, it shows of the same events again.
trace recorded -c 2 --format json 'udp and dst portrange 1001-1004'
udp 1003
udp 1001
trace_wait recorded
again() { iptables-trace --color never --read "$trace_dir/$1" --format "$2" 2>/dev/null; }
again recorded.out pcapng >"$trace_dir/recorded.pcapng"
check "a recording shows the same rules" same \
	"$(again recorded.out tree | grep -c 'handle [0-9]*  udp dport 1003')" 2
check "so does one in a capture file" same "$(again recorded.pcapng tree)" "$(again recorded.out tree)"

# iptables-nft-save prints such a rule without its set.
in_right nft add rule ip raw PREROUTING 'udp dport { 1004, 1005 } counter'
trace set -c 1 --table raw 'udp dst port 1005'
udp 1005
trace_wait set
check "a rule that asks a set is shown with it, though iptables has made the table" \
	grep -q '^      handle [0-9]*  udp dport { 1004, 1005 } counter$' "$trace_dir/set.out"
ktap_end
