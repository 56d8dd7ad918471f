#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Classic BPF bytecode as the extension reads and writes it. No kernel, no root.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

# program N: bytecode of N instructions.
program()
{
	local i
	printf '%d' "$1"
	for ((i = 1; i < $1; i++)); do printf ',48 0 0 %d' "$i"; done
	printf ',6 0 0 1'
}

# of_length CHARACTERS: 64 instructions that take so many.
of_length()
{
	local digits=$(($1 - ${#code_length} - 64 * ${#code_start})) i
	printf %s "$code_length"
	for ((i = 64; i > 0; i--)); do
		printf '%s%d' "$code_start" $((10 ** (digits / i - 1)))
		digits=$((digits - digits / i))
	done
}
code_length=64 code_start=',21 0 0 '

loads_the_right_file()
{
	local tool
	for tool in iptables-translate ip6tables-translate; do
		says 'iptables-ebpf' ours $tool -m bpf -h || return
		says 'bpf match options' stock $tool -m bpf -h || return
		check_not_said 'iptables-ebpf' stock $tool -m bpf -h || return
	done
}

check_not_said()
{
	local text=$1
	shift
	[[ $("$@" 2>&1) != *"$text"* ]] || { echo "said: $text"; return 1; }
}

# Random programs of all lengths: what the extensions make of them, byte for byte.
like_stock()
{
	local i j family code len
	RANDOM=1
	for ((i = 1; i <= 64; i++)); do
		family=$((4 + 2 * (i % 2)))
		len=$i code=$i
		for ((j = 0; j < len; j++)); do
			code+=",$(((RANDOM << 1) + (RANDOM & 1))) $((RANDOM % 256)) $((RANDOM % 256)) "
			code+=$((RANDOM << 17 | RANDOM << 2 | RANDOM % 4))
		done
		same "$(ours options $family kernel=1 bytes --bytecode "$code" 2>/dev/null)" \
			"$(stock options $family bytes --bytecode "$code")" || return
	done
}

accepts_lengths()
{
	local n
	for n in 1 2 61 62; do saves "--bytecode \"$(program $n)\"" --bytecode "$(program $n)" || return; done
	for n in 1 63 64; do
		same "$(ours options 4 kernel=1 --bytecode "$(program $n)" | sed -n 2p | tr -d '\\"')" \
			" --bytecode $(program $n)" || return
	done
}

# Rows: bytecode | what is wrong with it. Both extensions know better than to take it.
refuses_nonsense()
{
	local code text
	while IFS='|' read -r code text; do
		refused 2 "bpf: $text" ours options 4 kernel=1 --bytecode "$code" || { echo "bytecode: $code"; return 1; }
		refused 2 bpf: stock options 4 --bytecode "$code" || { echo "bytecode: $code"; return 1; }
	done <<-END
		|error parsing program length
		,|error parsing program length
		x|error parsing program length
		4x,6 0 0 1|error parsing program length
		0,6 0 0 1|illegal zero length program
		65,6 0 0 1|number of instructions exceeds maximum: 65
		$(program 65)|number of instructions exceeds maximum: 65
		1,|parsed program length is less than the encoded length parameter: 0 of 1
		2,6 0 0 1|parsed program length is less than the encoded length parameter: 1 of 2
		1,6 0 0 1,6 0 0 2|real program length exceeds the encoded length parameter: "6 0 0 2" after 1
		1,6 0 0|error at instr 0: "6 0 0"
		2,6 0 0 1,6 x 0 1|error at instr 1: "6 x 0 1"
		3,6 0 0 1,,6 0 0 1|error at instr 1: ""
	END
}

tcpdump_lines=$'4\n48 0 0 9\n21 0 1 6\n6 0 0 262144\n6 0 0 0\n'
tcpdump_saved='--bytecode "4,48 0 0 9,21 0 1 6,6 0 0 262144,6 0 0 0"'

# restorable RULE: iptables-restore takes it.
restorable()
{
	printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' "-A INPUT -m bpf $1" COMMIT |
		ours iptables-restore-translate -f /dev/stdin
}

# What is longer than iptables-restore's words comes in pieces, which come back as the same rule.
comes_in_pieces()
{
	local length code saved bytes
	for length in 1023 1024; do
		code=$(of_length $length)
		same ${#code} $length || return
		saved=$(ours options 4 kernel=1 --bytecode "$code" | sed -n 2p)
		same "$(grep -o -e --bytecode <<<"$saved" | wc -l)" $((length - 1022)) || return
		restorable "$saved" >/dev/null || return
		bytes=$(eval "ours options 4 kernel=1 bytes $saved")
		same "$bytes" "$(ours options 4 kernel=1 bytes --bytecode "$code")" || return
	done
	says 'Parameter too long' restorable "--bytecode \"$code\""
}

limits_length()
{
	refused 2 'exceeds maximum: 65 of 64; more needs revision 2' \
		ours options 4 kernel=1 --bytecode "$(program 65)" &&
		refused 2 'exceeds maximum: 4097 of 4096' ours options 4 --bytecode "$(program 4097)"
}

find_extensions
ktap_plan 27

check "iptables and ip6tables find this extension before the stock one" loads_the_right_file
check "1 to 64 instructions are saved as they were given" accepts_lengths
check "random programs give the same rule as with the stock extension" like_stock
check "the largest numbers are taken" \
	saves '--bytecode "1,65535 255 255 4294967295"' --bytecode '1,65535 255 255 4294967295'
check "what is no bytecode is refused, and the message says where and why" refuses_nonsense

# Where numbers wrapped around, another program was accepted.
check "a code above 65535 is refused" misread_by_stock '--bytecode "1,6 0 0 1"' --bytecode '1,65542 0 0 1'
check "a jump offset above 255 is refused" misread_by_stock '--bytecode "1,21 0 0 6"' --bytecode '1,21 256 0 6'
check "so is one of the other branch" misread_by_stock '--bytecode "1,21 0 1 6"' --bytecode '1,21 0 257 6'
check "a K above 4294967295 is refused" misread_by_stock '--bytecode "1,6 0 0 0"' --bytecode '1,6 0 0 4294967296'
check "a negative K is refused" misread_by_stock '--bytecode "1,6 0 0 4294967295"' --bytecode '1,6 0 0 -1'
check "a length above 65535 is refused" misread_by_stock '--bytecode "1,6 0 0 1"' --bytecode '65537,6 0 0 1'
check "a negative length is refused" misread_by_stock '--bytecode "1,6 0 0 1"' --bytecode '-65535,6 0 0 1'
check "what follows the last number is refused" misread_by_stock '--bytecode "1,6 0 0 1"' --bytecode '1,6 0 0 1zzz'
check "so is a fifth number" misread_by_stock '--bytecode "1,6 0 0 1"' --bytecode '1,6 0 0 1 1'
check "a hexadecimal K is refused" misread_by_stock '--bytecode "1,6 0 0 0"' --bytecode '1,6 0 0 0x10'
check "a number with a sign is refused" misread_by_stock '--bytecode "1,6 0 0 1"' --bytecode '1,6 0 0 +1'
check "an instruction that stretches over lines is refused" \
	misread_by_stock '--bytecode "1,6 0 0 1"' --bytecode $'1,6 0\n0 1'

check "the lines of tcpdump -ddd are taken" refused_by_stock "$tcpdump_saved" --bytecode "$tcpdump_lines"
check "so they are from a file with CR LF" \
	refused_by_stock "$tcpdump_saved" --bytecode "${tcpdump_lines//$'\n'/$'\r\n'}"
check "so they are with commas for the line breaks" saves "$tcpdump_saved" --bytecode "${tcpdump_lines//$'\n'/,}"
check "white space around numbers does not matter" \
	saves '--bytecode "2,6 0 0 1,6 0 0 2"' --bytecode $' 2 ,\t6  0 0\t1 ,\n 6 0 0 2 '

check "bytecode too long for a word of iptables-restore comes in pieces, and back" comes_in_pieces
check "revision 1 takes 64 instructions, revision 2 takes 4096" limits_length
check "the listing ends without a NUL" \
	same "$(ours options 4 --bytecode '1,6 0 0 1' | od -An -c | tr -d ' \n' | grep -c '\\0')" 0
check "the stock extension lists one" \
	same "$(stock options 4 --bytecode '1,6 0 0 1' | od -An -c | tr -d ' \n' | grep -c '\\0')" 1
check "a rule of revision 0 is shown by the revision that iptables-nft hands it to" \
	says ' --bytecode "2,6 0 0 1,6 0 0 2"' ours options 4 kernel=1 rule=0 --bytecode '2,6 0 0 1,6 0 0 2'
check "the stock extension gives up on it" \
	refused 1 'unknown bpf mode' stock options 4 rule=0 --bytecode '2,6 0 0 1,6 0 0 2'
ktap_end
