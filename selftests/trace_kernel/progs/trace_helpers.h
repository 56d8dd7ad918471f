/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs for the four events that all try one helper: try_helper(), which the including file defines. */
#ifndef TRACE_HELPERS_H
#define TRACE_HELPERS_H

#include <asm/ptrace.h>
#include "trace_kernel_types.h"
#include "../trace_record.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

static __always_inline void try_helper(struct pt_regs *regs, struct trace_record *to);

static __always_inline int try_and_record(struct pt_regs *regs)
{
	struct trace_record *to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);

	if (!to)
		return 1;
	__builtin_memset(to, 0, sizeof(*to));
	bpf_probe_read_kernel(&to->ctx, sizeof(to->ctx), (const void *)PT_REGS_PARM1(regs));
	try_helper(regs, to);
	bpf_ringbuf_submit(to, 0);
	return 0;
}

SEC("kprobe")
int enter(struct pt_regs *regs)
{
	return try_and_record(regs);
}

SEC("kprobe")
int rule(struct pt_regs *regs)
{
	return try_and_record(regs);
}

SEC("kprobe")
int leave(struct pt_regs *regs)
{
	return try_and_record(regs);
}

SEC("kprobe")
int matches(struct pt_regs *regs)
{
	return try_and_record(regs);
}

char _license[] SEC("license") = "GPL";

#endif
