#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# libipt_bpf.t, the extension's cases in the format of iptables-test.py, with both families and both back ends: a case
# is a rule, added and saved, or refused. A rule that was added is found by -C, survives a save and restore unchanged,
# and is deleted by -D.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/ext.sh

cases=libipt_bpf.t

# rules_of CHAIN: out of a dump. iptables-nft 1.8.7 ends lines with a space.
rules_of() { sed -n "/^-A $1 /{s/ *\$//;p}"; }

# run_case TOOL CHAIN RULE SAVED RESULT
run_case()
{
	local tool=$1 chain=$2 rule=$3 saved=$4 result=$5 words said status=0 dump
	# The quotes and backslashes of the file are the shell's.
	eval "words=($rule)"
	[ "$saved" != '=' ] || saved=$rule

	said=$(ours "$tool" -A "$chain" "${words[@]}" 2>&1) || status=$?
	if [ "$result" = FAIL ]; then
		[ $status = 2 ] && [[ $said == *': bpf: '* || $said == *': option "--'* ]] && return
		echo "ended with $status instead of 2, and said: $said"
		return 1
	fi
	[ $status = 0 ] || { echo "$said"; return 1; }

	dump=$(ours "$tool-save" -t filter) &&
		same "$(rules_of "$chain" <<<"$dump")" "-A $chain $saved" &&
		ours "$tool-restore" <<<"$dump" &&
		same "$(ours "$tool" -S "$chain" | rules_of "$chain")" "-A $chain $saved" &&
		ours "$tool" -C "$chain" "${words[@]}" &&
		ours "$tool" -D "$chain" "${words[@]}" &&
		same "$(ours "$tool" -S "$chain" | rules_of "$chain")" ""
}

# in_some_chain RULE SAVED RESULT TOOL: each tool another of the chains.
turn=0
in_some_chain()
{
	local chain=${chains[$((turn++ % ${#chains[@]}))]}
	run_case "$4" "$chain" "$1" "$2" "$3" || { echo "rule: -A $chain $1"; return 1; }
}

in_own_namespaces "$@"
find_extensions
have_revision_2 || skip_all "the kernel's match has no revision 2"
ktap_plan "$(grep -c '^-' $cases)"
mkdir /sys/fs/bpf/libipt_bpf_t
for name in all 'two words' "it's \"quoted\" \\"; do pin_at "/sys/fs/bpf/libipt_bpf_t/$name"; done

mkdir /run/libipt_bpf_t
cleanup_push rm -rf /run/libipt_bpf_t
cp "$bpf_dir/two_programs.bpf.o" /run/libipt_bpf_t/two.o

chains=()
while IFS= read -r line; do
	case $line in
	:*) IFS=, read -ra chains <<<"${line#:}" ;;
	-*)
		IFS=';' read -r rule saved result <<<"$line"
		check "$result: $rule" each in_some_chain "$rule" "$saved" "$result"
		;;
	esac
done <$cases
ktap_end
