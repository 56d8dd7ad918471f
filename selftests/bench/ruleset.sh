#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ruleset.sh: what it costs to restore many rules and to append one more, in instructions of the command and the kernel, and
# how many programs the kernel makes for them; see lib.sh. A row is "what<TAB>instructions", or "what<TAB>programs".

set -eu
cd "$(dirname "$0")/.."
. lib/ktap.sh
. lib/net.sh
. lib/match.sh
. lib/ext.sh
. bench/lib.sh

many=5000
export IPTABLES_EBPF_REVISION=2

# instructions COMMAND...: one a nanosecond here, of whatever runs on the one CPU. "-" if the command fails.
instructions()
{
	local began
	began=$(date +%s%N)
	if "$@" >/dev/null; then
		echo $(($(date +%s%N) - began))
	else
		echo -
	fi
}

# programs: how many BPF programs the kernel keeps, classic ones too, which have no id: each has pages of its own.
programs() { grep -c ' bpf_prog_alloc' /proc/vmallocinfo || true; }

# rules N WORD...: for restore.
rules()
{
	local rule
	rule=$(printf ' "%s"' "${@:2}")
	echo '*raw'
	for ((i = 0; i < $1; i++)); do echo "-A PREROUTING$rule"; done
	echo COMMIT
}

# cost WHOSE TOOL WHAT WORD...: rows for a rule of these words; WHOSE is ours or stock, the extension that is used.
cost()
{
	local whose=$1 tool=$2 what=$3 before
	shift 3
	rules $many "$@" >"$work/rules"
	# Whatever is loaded or compiled at first use.
	"$whose" in_right "$tool" -t raw -A PREROUTING "$@"
	in_right "$tool" -t raw -F
	wait_until 30 unreferenced
	before=$(programs)
	printf '%s restore: %s\t%s\n' "$tool" "$what" "$(instructions "$whose" in_right "$tool-restore" "$work/rules")"
	printf '%s append: %s\t%s\n' "$tool" "$what" "$(instructions "$whose" in_right "$tool" -t raw -A PREROUTING "$@")"
	printf '%s programs: %s\t%s\n' "$tool" "$what" $(($(programs) - before))
	in_right "$tool" -t raw -F
}

make_pair >/dev/null
find_extensions
work=$(mktemp -d)
cleanup_push rm -rf "$work"
pin match_none none
bytecode=$(udp_code iptables-legacy 10)

load_ours
for tool in iptables-legacy iptables-nft; do
	cost ours $tool comment -m comment --comment "$pin_dir/none"
	cost ours $tool pinned -m bpf --object-pinned "$pin_dir/none"
	cost ours $tool bytecode -m bpf --bytecode "$bytecode"
	cost ours $tool expression -m bpf --expression 'udp port 10'
done
load_stock
for tool in iptables-legacy iptables-nft; do
	cost stock $tool 'in-tree pinned' -m bpf --object-pinned "$pin_dir/none"
	cost stock $tool 'in-tree bytecode' -m bpf --bytecode "$bytecode"
done
