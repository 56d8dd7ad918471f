#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where a rule's program can come from in revision 2: rules of each source, inverted and not, are added, listed, saved,
# restored, found and deleted, with both families and both back ends.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

rules() { "$1" -S OUTPUT | sed -n 's/^-A OUTPUT //p' | sed 's/ *$//'; }

# The rules, as options for a shell and as they are saved.
options=() saved=()
source_of_rules() { options+=("$1") saved+=("${2:-$1}"); }

words_of() { eval "words=(OUTPUT -m bpf ${options[$1]} -j ACCEPT)"; }
expected() { printf -- '-m bpf %s -j ACCEPT\n' "${saved[@]}"; }

# for_all COMMAND: with each rule, for iptables' command.
for_all()
{
	local i words
	for i in "${!options[@]}"; do
		words_of "$i"
		ours "$2" "$1" "${words[@]}" || { echo "$2 $1 ${words[*]}"; return 1; }
	done
}

saves_as_written() { same "$(ours rules "$1")" "$(expected)"; }

restores_the_same()
{
	local dump
	dump=$(ours "$1-save" -t filter) && ours "$1-restore" <<<"$dump" &&
		same "$(ours "$1-save" -t filter | grep '^[-:*]')" "$(grep '^[-:*]' <<<"$dump")"
}

has_none() { same "$(ours rules "$1")" ""; }

# code N: bytecode of N instructions.
code()
{
	local i
	printf '%d' "$1"
	for ((i = 1; i < $1; i++)); do printf ',48 0 0 %d' $((i % 20)); done
	printf ',6 0 0 1'
}

# What -S prints of long bytecode is the whole of it; iptables-restore cannot read it, so it is given to iptables again.
longest_lives()
{
	local text words
	text=$(ours "$1" -A OUTPUT -m bpf --bytecode "$(code 4096)" 2>&1) &&
		[[ $text == *'Warning: bpf: iptables-save writes this match in '* ]] || { echo "$text"; return 1; }
	text=$(ours rules "$1")
	eval "words=($text)"
	ours "$1" -C OUTPUT "${words[@]}" && ours "$1" -D OUTPUT "${words[@]}" && same "$(ours rules "$1")" ""
}

# Added twice, a rule with stored contents is deleted twice, and the contents are kept for as long as needed.
stored_is_kept()
{
	local words=(OUTPUT -m bpf --bytecode "$(code 200)")
	ours "$1" -A "${words[@]}" && ours "$1" -A "${words[@]}" &&
		ours "$1" -D "${words[@]}" && ours "$1" -C "${words[@]}" &&
		ours "$1" -A OUTPUT -p tcp && ours "$1" -D "${words[@]}" && same "$(ours rules "$1")" '-p tcp'
}

# lists TEXT OPTIONS TOOL: -L shows the text.
lists()
{
	local words
	eval "words=(OUTPUT -m bpf $2)"
	ours "$3" -A "${words[@]}" && says "$1" ours "$3" -nL OUTPUT
}

# As if another libpcap had compiled it: the rule has the text, and other code.
text_is_found()
{
	local rule=(OUTPUT -p udp -m bpf --expression 'udp port 53')
	"$bin_dir/xt_rule" filter 3 rev=2 'code=1,6 0 0 1' source=expression 'text=udp port 53' &&
		same "$(ours rules iptables-legacy)" '-p udp -m bpf --expression "udp port 53"' &&
		ours iptables-legacy -C "${rule[@]}" &&
		! ours iptables-legacy -C "${rule[@]:0:5}" ! --expression 'udp port 53' 2>/dev/null &&
		! ours iptables-legacy -C "${rule[@]:0:5}" --expression 'udp port 54' 2>/dev/null &&
		ours iptables-legacy -D "${rule[@]}" && same "$(ours rules iptables-legacy)" ""
}

id_is_shown()
{
	ours "$1" -A OUTPUT -m bpf --object-pinned $dir/all || return
	local id tag
	id=$(bpftool -j prog show pinned $dir/all | jq .id)
	tag=$(bpftool -j prog show pinned $dir/all | jq -r .tag)
	says "match bpf pinned $dir/all (id $id tag $tag name match_all type socket_filter)" ours "$1" -nL OUTPUT
}

matches()
{
	local tool=$1 match=$2 want=$3 words
	eval "words=(OUTPUT -d 127.0.0.1 -p icmp -m bpf $match)"
	ours "$tool" -F && ours "$tool" -A "${words[@]}" && ping -qc 1 127.0.0.1 >/dev/null &&
		same "$(ours "$tool" -nvxL OUTPUT | awk 'NR == 3 { print $1 }')" "$want"
}

# Counted are the echo request and the reply.
judges_packets()
{
	local tool
	for tool in iptables-legacy iptables-nft; do
		matches $tool '--expression "icmp[icmptype] == icmp-echo"' 1 &&
			matches $tool '! --expression "icmp[icmptype] == icmp-echo"' 1 &&
			matches $tool '--expression "not (udp or tcp port 80)"' 2 &&
			matches $tool '! --expression "icmp or tcp"' 0 &&
			matches $tool '--bytecode "1,6 0 0 1"' 2 &&
			matches $tool '! --bytecode "1,6 0 0 1"' 0 &&
			matches $tool "--object-file $objects/two.o --program two_yes" 2 &&
			matches $tool "--object-file $objects/two.o --program two_no" 0 &&
			matches $tool "! --object-pinned $dir/all" 0 || { echo "with $tool"; return 1; }
		ours $tool -F
	done
}

in_own_namespaces "$@"
find_extensions
have_revision_2 || skip_all "the kernel's match has no revision 2"
dir=/sys/fs/bpf/sources objects=$(mktemp -d)
cleanup_push rm -rf "$objects"
ip link set lo up
mkdir "$dir"
pin_at "$dir/all"
pin_at "$dir/two words"
cp "$bpf_dir/two_programs.bpf.o" "$objects/two.o"
cp "$bpf_dir/match_all.bpf.o" "$objects/one object.o"
printf -v part '%0250d' 0
long=$dir/$part/$part/$part
mkdir -p "$long"
pin_at "$long/all"
ports="src port 999$(printf ' or src port %s' {1000..1040})"


source_of_rules "--object-pinned $dir/all"
source_of_rules "! --object-pinned \"$dir/two words\""
source_of_rules "--object-pinned $long/all"
source_of_rules "! --object-pinned $long/all"
source_of_rules '--bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"'
source_of_rules '! --bytecode "1,6 0 0 1"'
# The kernel stores what is longer than 62 instructions.
source_of_rules "--bytecode \"$(code 62)\""
source_of_rules "! --bytecode \"$(code 62)\""
source_of_rules "--bytecode \"$(code 63)\""
source_of_rules "! --bytecode \"$(code 63)\""
source_of_rules '--expression "tcp port 443 or udp"'
source_of_rules '! --expression "not tcp"'
source_of_rules $'--expression "tcp\n\tor udp"' '--expression "tcp  or udp"'
source_of_rules "! --expression \"$ports\""
source_of_rules "--object-file \"$objects/one object.o\""
source_of_rules "! --object-file $objects/two.o --program two_yes"
source_of_rules "--program two_no --object-file $objects/two.o" "--object-file $objects/two.o --program two_no"

ktap_plan 31
for tool in "${tools[@]}"; do
	check "$tool: rules of each source are added" for_all -A "$tool"
	check "$tool: saved as they were written" saves_as_written "$tool"
	check "$tool: restored and saved again, the same" restores_the_same "$tool"
	check "$tool: found by what was written" for_all -C "$tool"
	check "$tool: deleted by it" for_all -D "$tool"
	check "$tool: nothing is left" has_none "$tool"
done
check "bytecode of 4096 instructions" each longest_lives
check "contents are kept for as long as a rule has them" each stored_is_kept
check "rules judge packets by their program, or by its contrary" judges_packets
check "an expression is found by its text, whatever libpcap made of it" text_is_found
check "-L shows id, tag, name and type of what runs" each id_is_shown
check "-L shows an expression as it was written" each lists 'match bpf ! expression "tcp port 443"' '! --expression "tcp port 443"'
check "-L shows where an object comes from" \
	each lists "match bpf object $objects/two.o program two_no (id " "--object-file $objects/two.o --program two_no"
ktap_end
