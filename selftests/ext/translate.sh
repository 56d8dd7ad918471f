#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# iptables-translate and rules that nft cannot express: comments, whatever is in them, and never a rule that lacks the
# match and so applies to more packets. No kernel, no root, and neither pins nor files.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

translators=(iptables-translate ip6tables-translate)

# only_comments TEXT COMMAND...: COMMAND ends with 0 and prints nothing but comments, the match as TEXT among them.
only_comments()
{
	local text=$1 said line
	shift
	said=$("$@") || { echo "ended with $?: $said"; return 1; }
	while read -r line; do
		[[ $line == '#'* || $line == 'nft #'* ]] || { echo "not a comment: $line"; return 1; }
	done <<<"$said"
	[[ $said == *"# nft cannot express: -m bpf $text"$'\n'* ]] || { printf 'have: %s\nwant: %s\n' "$said" "$text"; return 1; }
}

# by_each TEXT OPTION...: with both families, and a rule that has other matches before and after.
by_each()
{
	local tool
	for tool in "${translators[@]}"; do
		only_comments "$1" ours "$tool" -A INPUT -p tcp --dport 80 -m bpf "${@:2}" -j DROP &&
			only_comments "$1" ours "$tool" -I INPUT 1 -m bpf "${@:2}" -m comment --comment x || return
	done
}

both_matches() { only_comments '--expression "tcp"' ours iptables-translate -A INPUT -m bpf --expression tcp -m bpf --bytecode '1,6 0 0 1'; }

from_a_file()
{
	local tool said
	for tool in iptables-restore-translate ip6tables-restore-translate; do
		said=$(ours $tool -f <(printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' \
			'-A INPUT -m bpf --object-file /nowhere/x.o --program one -j DROP' '-A INPUT -p tcp -j ACCEPT' COMMIT)) || return
		[[ $said == *$'# nft cannot express: -m bpf --object-file /nowhere/x.o --program one\n'* ]] || { echo "$said"; return 1; }
		same "$(grep -c '^add rule' <<<"$said")" 1 && says 'tcp counter accept' echo "$said" || return
	done
}

long=$(printf ',48 0 0 %d' {1..4095})

find_extensions
ktap_plan 10
check "a pinned program" by_each '--object-pinned /sys/fs/bpf/nowhere' --object-pinned /sys/fs/bpf/nowhere
check "a relative path, made absolute" by_each "--object-pinned $PWD/nowhere" --object-pinned nowhere
from_the_root() { (cd / && by_each "--object-pinned /nowhere" --object-pinned nowhere); }
check "also where that is the root" from_the_root
check "bytecode in lines, as tcpdump prints it" by_each '--bytecode "2,48 0 0 9,6 0 0 1"' --bytecode $'2\n48 0 0 9\n6 0 0 1\n'
check "an expression over several lines" by_each '! --expression "tcp or udp"' ! --expression $'tcp or\nudp'
check "an object" by_each '--object-file /nowhere/x.o --program one' --object-file /nowhere/x.o --program one
check "bytecode that a rule does not hold itself" says '# nft cannot express: -m bpf --bytecode "4096,48 0 0 1,48 0 0 2' \
	ours iptables-translate -A INPUT -m bpf --bytecode "4096$long,6 0 0 1"
check "the first of two programs in one rule" both_matches
check "rules of a file, between others that are translated" from_a_file
check "what is wrong is refused as ever" refused 2 'bpf: error at instr 0' ours iptables-translate -A INPUT -m bpf --bytecode '1,6 0 0'
ktap_end
