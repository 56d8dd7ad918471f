#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What stands in the way of a trace is said in one line that names it and the way out, with an exit status of its own.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

# refused STATUS TEXT COMMAND...: one line holds the text, and the command ends with the status.
refused()
{
	local want=$1 text=$2 said status=0
	shift 2
	said=$("$@" 2>&1 >/dev/null) || status=$?
	[ "$status" = "$want" ] && [[ $said == *"$text"* ]] && [ "$(wc -l <<<"$said")" = 1 ] || {
		printf 'ended with %s, said: %s\n' "$status" "$said"
		return 1
	}
}

make_pair
in_right iptables-legacy -A INPUT -p udp -j DROP
in_trace() { iptables-trace --netns "$right" "$@"; }

ktap_plan 17
check "a word that is no expression, in libpcap's own words" refused 2 "'tcp prot 443': can't parse filter expression: syntax error" \
	in_trace 'tcp prot 443'
check "an option that does not exist" refused 2 "--bogus" in_trace --bogus
check "a format that does not exist" refused 2 "xml" in_trace --format xml
check "a time that is none" refused 2 "--duration soon" in_trace --duration soon
check "a namespace that does not exist" refused 2 "--netns nowhere" iptables-trace --netns nowhere
check "a process that does not exist" refused 2 "--netns 999999" iptables-trace --netns 999999
check "a file that is no namespace" refused 2 "not a network namespace" iptables-trace --netns /etc/passwd
check "an output that cannot be made" refused 1 "/no/such/folder" in_trace -o /no/such/folder/file
check "not root" refused 3 "only root may trace" setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
	--bounding-set=-all iptables-trace udp

empty=empty-${right#right-}
ip netns add "$empty"
cleanup_push ip netns del "$empty"
check "no rules at all" refused 3 "the network namespace has neither a table of iptables-legacy nor a base chain of nf_tables" \
	iptables-trace --netns "$empty"
check "looking for tables makes none" same "$(in_netns "$empty" cat /proc/net/ip_tables_names)" ""
check "a table that is none of iptables' own" refused 2 "named with its family, as inet:web" in_trace --table web

modprobe -r iptables_trace
check "the module is loaded when it is needed" in_trace --duration 10ms udp
modprobe -r iptables_trace
# shellcheck disable=SC2016 # the inner shell's
check "the module is not installed" refused 3 "iptables_trace.ko is not loaded, and modprobe cannot load it" \
	unshare -m sh -c 'mount -t tmpfs none /lib/modules && exec iptables-trace udp'
# As the list of symbols looks on such a kernel.
grep -v ' register_kprobe$' /proc/kallsyms >"$trace_dir/kallsyms"
# shellcheck disable=SC2016 # the inner shell's
check "a kernel without kprobes" refused 3 "was built without CONFIG_KPROBES, on which tracing rests" \
	unshare -m sh -c 'mount -t tmpfs none /lib/modules && mount --bind "$1" /proc/kallsyms && exec iptables-trace udp' - \
	"$trace_dir/kallsyms"

# shellcheck disable=SC2016 # the inner shell's
no_text() { unshare -m sh -c 'mount --bind /dev/null /usr/sbin/xtables-legacy-multi; exec iptables-trace "$@"' - "$@"; }
no_text --netns "$right" -c 1 'udp port 1000' >"$trace_dir/no_text" 2>"$trace_dir/no_text.err" &
wait_until 20 grep -q tracing "$trace_dir/no_text.err"
udp 1000
wait $!
check "without iptables-legacy-save there are numbers, and the reason" same "$(sed -n 3,4p "$trace_dir/no_text")" \
	"      text of rules unknown: iptables-legacy-save is not installed (package iptables)
      1  rule of INPUT"

full() { in_trace -c 1 -o /dev/full udp; }
full 2>"$trace_dir/full.err" &
full_pid=$!
wait_until 20 grep -q tracing "$trace_dir/full.err"
udp 1000
status=0
wait $full_pid || status=$?
check "an output that is full" same "$status $(tail -n 1 "$trace_dir/full.err")" \
	"1 iptables-trace: cannot write the trace: No space left on device"
ktap_end
