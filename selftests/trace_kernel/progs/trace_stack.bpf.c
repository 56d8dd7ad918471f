// SPDX-License-Identifier: GPL-2.0-only
/* bpf_get_stack(): result is the number of frames or the error, caller the second frame. And bpf_get_stackid(). */
#include "trace_helpers.h"

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 16 * sizeof(__u64));
} stacks SEC(".maps");

static __always_inline void try_helper(struct pt_regs *regs, struct trace_record *to)
{
	__u64 frame[8] = {};
	long bytes = bpf_get_stack(regs, frame, sizeof(frame), 0);
	long id = bpf_get_stackid(regs, &stacks, 0);

	to->result = bytes < 0 ? bytes : bytes / sizeof(__u64);
	if (id < 0 && id != -17 /* EEXIST: the slot has another one */)
		to->result = id;
	to->caller = frame[1];
}
