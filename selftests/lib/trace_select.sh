# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Which packets a trace has selected. Source after trace.sh.
# shellcheck disable=SC2154 # $trace_dir

# asked OPTION...: a trace of datagrams; done_after N: until that many have come to their end, then the end of the trace.
asked() { trace asked --format json "$@" udp; }
traced() { grep -c '"type":"packet"' "$trace_dir/asked.out"; }
has_traced() { [ "$(traced)" -ge "$1" ]; }
has_traced_to() { grep -q "\"destination_port\":$1," "$trace_dir/asked.out"; }
done_after()
{
	wait_until 60 has_traced "$1" | diag
	trace_stop asked
}
of() { jq -r "select(.type == \"$1\") | $2" "$trace_dir/asked.out"; }
# begins: of each packet that was traced, its destination port, and where the trace of it begins.
begins() { of enter 'select(.flags | index("first")) | "\(.ip.destination_port) \(.table) \(.hook)"' | sort; }
summed() { of summary ".$1"; }
counted_begins() { begins | uniq -c | xargs; }
