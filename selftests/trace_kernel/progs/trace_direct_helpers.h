/* SPDX-License-Identifier: GPL-2.0-only */
/* As trace_helpers.h, by programs of the type that reads the context itself, whose helpers are others by the same names. */
#ifndef TRACE_DIRECT_HELPERS_H
#define TRACE_DIRECT_HELPERS_H

#include <asm/ptrace.h>
#include "trace_kernel_types.h"
#include "../trace_record.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

/* args: what a program of this type is handed, which its helpers want back. */
static __always_inline void try_helper(void *args, struct trace_record *to);

static __always_inline int try_and_record(void *args, const struct iptables_trace_ctx *from)
{
	struct trace_record *to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);

	if (!to)
		return 1;
	__builtin_memset(to, 0, sizeof(*to));
	to->ctx = *from;
	try_helper(args, to);
	bpf_ringbuf_submit(to, 0);
	return 0;
}

SEC("raw_tp.w")
int BPF_PROG(enter, const struct iptables_trace_ctx *c)
{
	return try_and_record(ctx, c);
}

SEC("raw_tp.w")
int BPF_PROG(rule, const struct iptables_trace_ctx *c)
{
	return try_and_record(ctx, c);
}

SEC("raw_tp.w")
int BPF_PROG(leave, const struct iptables_trace_ctx *c)
{
	return try_and_record(ctx, c);
}

char _license[] SEC("license") = "GPL";

#endif
