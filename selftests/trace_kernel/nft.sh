#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each rule of nf_tables that a packet meets is reported, by its handle, with what it says, in every family of base chains.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh
. ../lib/nft.sh

make_pair
in_right sysctl -qw net.ipv4.icmp_ratelimit=0

# ruleset FAMILY: what a packet can meet, in one chain after the other.
ruleset()
{
	in_right nft -f - <<-END
		table $1 t {
			chain leaf {
				meta mark 7 return
				counter
			}
			chain tail {
				counter
			}
			chain branch {
				meta mark set 5
				jump leaf
				goto tail
			}
			chain in {
				type filter hook input priority 10; policy accept;
				meta length 0-1
				counter
				jump branch
				meta length 100 drop
				meta length 104 accept
				meta length 108 return
				counter
			}
		}
	END
}

# send FAMILY LENGTH: one echo request of so many bytes from the IP header on.
send()
{
	if [ "$1" = ip6 ]; then
		in_left ping -nq -c 1 -W 0.1 -s $(($2 - 48)) 2001:db8::2
	else
		in_left ping -nq -c 1 -W 0.1 -s $(($2 - 28)) 192.0.2.2
	fi >/dev/null
	true
}

filter_of() { if [ "$1" = ip6 ]; then echo "$filter_ping6"; else echo "$filter_ping"; fi; }

# expected FAMILY WORD...: chain:type:handle:says, with the handle of the N-th rule of a chain, or for "return" and "policy"
# the chain's own.
expected()
{
	local family=$1 word chain type rule says handle
	shift
	for word; do
		IFS=: read -r chain type rule says <<<"$word"
		if [ "$type" = rule ]; then
			handle=$(rule_handle "$family" t "$chain" "$rule")
		else
			handle=$(chain_handle "$family" t "$chain")
		fi
		echo "$chain:$type:$handle:$says"
	done | xargs
}

begin="in:rule:2:continue in:rule:3:jump branch:rule:1:continue branch:rule:2:jump leaf:rule:2:continue leaf:return::continue
	branch:rule:3:goto tail:rule:1:continue tail:return::continue"

ktap_plan 34
for family in ip ip6 inet; do
	ruleset $family
	trace_start session -B n -f "$(filter_of $family)"
	for length in 100 104 108 112; do
		send $family $length
	done
	trace_stop session
	# shellcheck disable=SC2086 # words
	{
		check "$family: jump, goto, the ends of chains, drop" same "$(nft_walk session 1)" \
			"$(expected $family $begin in:rule:4:drop)"
		check "$family: accept" same "$(nft_walk session 2)" "$(expected $family $begin in:rule:5:accept)"
		check "$family: return, and the policy" same "$(nft_walk session 3)" \
			"$(expected $family $begin in:rule:6:return in:policy::accept)"
		check "$family: a base chain has no end but its policy" same "$(nft_walk session 4)" \
			"$(expected $family $begin in:rule:7:continue in:policy::accept)"
	}
	check "$family: a base chain is entered by its name, priority and handle" same \
		"$(events session '^enter' | sed 's/.* table=\([^ ]*\) hook=\([^ ]*\) priority=\([^ ]*\) .* chain=\([^ ]*\) .* nft=\([^ ]*\) handle=\([^ ]*\) .*/\1 \2 \3 \4 \5 \6/' |
			sort -u)" "t INPUT 10 in $family $(chain_handle $family t in)"
	check "$family: what it says in the end" same "$(events session '^leave' | sed 's/.* verdict=\([^ ]*\) .*/\1/' | xargs)" \
		"0/0 1/0 1/0 1/0"
	check "$family: a drop ends the packet's way" same \
		"$(events session '^leave.* verdict=0/0' | grep -cE ' flags=(stolen,)?terminal, ')" 1
	check "$family: the generation is that which nft names" same \
		"$(events session '^(enter|leave)' | sed 's/.* ruleset=\([^ ]*\) .*/\1/' | sort -u)" "$(generation)"
	check "$family: every event is there" whole session
	check "$family: what the packet has, is as of each rule" same \
		"$(events session '^rule.* chain=(in|leaf) type=rule .*says=continue' | grep packet=4 | sed 's/.* mark=\([0-9]*\) .*/\1/' | xargs)" "0 5 5"
	in_right nft delete table $family t
done

# Names that are longer than there is room for.
long=$(printf 'chain_%.0s' {1..10})
in_right nft -f - <<-END
	table ip ${long}t {
		chain ${long}u {
			counter
		}
		chain ${long}c {
			type filter hook input priority 0;
			jump ${long}u
		}
	}
END
trace_start session -B n -f "$filter_ping"
send ip 100
trace_stop session
check "a long name is cut, and said to be" same \
	"$(events session . | sed 's/.* flags=\([^ ]*\) .* table=\([^ ]*\) .* chain=\([^ ]*\) .*/\1 \2 \3/; s/first,//' | sort -u)" \
	"table_cut,chain_cut, ${long::31} ${long::31}"
check "... the handle says which it is" same \
	"$(events session '^rule' | sed 's/.* type=\([^ ]*\) .* handle=\([^ ]*\) .*/\1 \2/' | xargs)" \
	"rule $(rule_handle ip "${long}t" "${long}c" 1) rule $(rule_handle ip "${long}t" "${long}u" 1) return $(chain_handle ip "${long}t" "${long}u") policy $(chain_handle ip "${long}t" "${long}c")"
in_right nft delete table ip "${long}t"

# A session that has not asked for nf_tables.
ruleset ip
trace_start session -f "$filter_ping"
send ip 104
trace_stop session
check "a session that does not know nf_tables hears nothing of it" same "$(stat_of session events)" 0
trace_start both -B ln -f "$filter_ping"
in_right iptables-legacy -A INPUT -p icmp
trace_start legacy -f "$filter_ping"
send ip 104
trace_stop legacy
trace_stop both
check "... also if another session does" same \
	"$(count_events legacy nft=) $(count_events legacy ' table=filter ') $(count_events both ' nft=ip ')" "0 4 12"
ktap_end
