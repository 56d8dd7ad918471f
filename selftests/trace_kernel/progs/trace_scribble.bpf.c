// SPDX-License-Identifier: GPL-2.0-only
/* Programs that write into the context, which they are not to do, whatever could mislead who reads it next. */
#include <asm/ptrace.h>
#include "trace_kernel_types.h"
#include "iptables_trace_ctx.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

static __always_inline int scribble(struct iptables_trace_ctx *c)
{
	__builtin_memset(c, 0xff, sizeof(*c));
	return 0;
}

SEC("raw_tp.w")
int BPF_PROG(enter, struct iptables_trace_ctx *c)
{
	return scribble(c);
}

SEC("raw_tp.w")
int BPF_PROG(rule, struct iptables_trace_ctx *c)
{
	return scribble(c);
}

SEC("raw_tp.w")
int BPF_PROG(leave, struct iptables_trace_ctx *c)
{
	return scribble(c);
}

SEC("raw_tp.w")
int BPF_PROG(matches, struct iptables_trace_ctx *c)
{
	return scribble(c);
}

char _license[] SEC("license") = "GPL";
