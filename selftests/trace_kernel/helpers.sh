#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# BPF helpers that look at the probe, the stack or the task work in a session's programs as in those that perf has attached.

cd "$(dirname "$0")" || exit 1
. ../lib/ktap.sh
. ../lib/net.sh
. ../lib/trace_kernel.sh

make_pair
in_right iptables-legacy -A INPUT -p udp --dport 7 -j REJECT
in_right iptables-legacy -A OUTPUT -p icmp

# In softirqs, in process context, nested.
traffic()
{
	in_left ping -nq -c 7 -i 0.01 192.0.2.2
	in_right ping -nq -c 7 -i 0.01 192.0.2.1
	in_left bash -c 'for i in {1..5}; do echo x >/dev/udp/192.0.2.2/7; done'
} >/dev/null 2>&1

results() { events session "^$1 " | sed 's/.* result=\([^ ]*\) .*/\1/' | sort | uniq -c | xargs; }
address_of() { awk -v name="$1" '$3 == name && $2 == "T" { print $1 }' /proc/kallsyms | sed 's/^0*//' | head -n 1; }

# fewer_frames KIND N: at how many events the stack has fewer than N frames, or there is none at all.
fewer_frames() { events session "^$1 " | sed 's/.* result=\([^ ]*\) .*/\1/' | awk -v n="$2" '$1 !~ /^[0-9a-f]$/ || $1 + 0 < n && $1 !~ /[a-f]/' | wc -l; }

ktap_plan 18

trace_object=trace_stack
trace_start session
traffic
trace_stop session
check "bpf_get_stack() finds the stack at an entry" same "$(fewer_frames enter 4)" 0
# Older kernels do not see beyond a return that is probed, which is the table's.
check "... at a rule" same "$(fewer_frames rule 3)" 0
check "... and at a return" same "$(fewer_frames leave 1)" 0
# A rule's second frame is the table's function, which has called nf_log_trace().
begin=$(address_of ipt_do_table)
outside_the_table()
{
	events session '^rule' | sed 's/.* caller=\([^ ]*\) .*/\1/' | awk -v begin="$begin" '
		{ if (substr($1, 1, 12) < substr(begin, 1, 12)) n++ } END { print n + 0 }'
}
# A function of the other way, by tables.
if ! grep -q ' unwind_module_init$' /proc/kallsyms; then
	ktap_skip "the stack at a rule leads through the table" \
		"this kernel walks stacks by frame pointers, which at a function's entry leave out its caller"
else
	check "the stack at a rule leads through the table" same "$(outside_the_table)" 0
fi
check "every event is there" whole session

# The same by programs of the tool's type. bpf_get_func_ip() and bpf_get_attach_cookie() do not exist for those.
trace_object=trace_direct_stack
trace_start session
traffic
trace_stop session
check "without registers, bpf_get_stack() finds the stack at each event" same "$(fewer_frames '(enter|rule|leave)' 3)" 0
# From the program's caller on: the module.
outside_the_module()
{
	events session . | sed 's/.* caller=\([^ ]*\) .*/\1/' | sort -u | while read -r frame; do
		awk -v frame="$frame" '$1 <= frame && $1 > last { last = $1; where = $4 } END { print where }' /proc/kallsyms
	done | grep -vcFx '[iptables_trace]'
}
check "... and it leads through the module" same "$(outside_the_module)" 0
check "every event is there" whole session

trace_object=trace_direct_perf
trace_start session
traffic
trace_stop session
check "without registers, bpf_perf_event_output() reports no error" same "$(results '(enter|rule|leave)' | cut -d' ' -f2-)" 0
check "... and hands over each event" same "$(sed -n 's/^perf //p' "$trace_work/session")" "samples=$(stat_of session events) lost=0"
check "every event is there" whole session

trace_object=trace_perf
trace_start session
traffic
trace_stop session
check "bpf_perf_event_output() reports no error" same "$(results '(enter|rule|leave)' | cut -d' ' -f2-)" 0
check "... and hands over each event" same "$(sed -n 's/^perf //p' "$trace_work/session")" "samples=$(stat_of session events) lost=0"
check "every event is there" whole session

trace_object=trace_func_ip
if trace_start session >/dev/null; then
	traffic
	trace_stop session
	check "bpf_get_func_ip() is the table's function at an entry" same "$(results enter | cut -d' ' -f2-)" "$(address_of ipt_do_table)"
	check "... and so it is at a return" same "$(results leave | cut -d' ' -f2-)" "$(address_of ipt_do_table)"
	check "... and nf_log_trace() at a rule" same "$(results rule | cut -d' ' -f2-)" "$(address_of nf_log_trace)"
	check "bpf_get_attach_cookie() is 0" same "$(events session . | grep -vc ' caller=0 ')" 0
else
	for name in "bpf_get_func_ip() is the table's function at an entry" "... and so it is at a return" \
		"... and nf_log_trace() at a rule" "bpf_get_attach_cookie() is 0"; do
		ktap_skip "$name" "this kernel has no bpf_get_func_ip() or bpf_get_attach_cookie()"
	done
fi
ktap_end
