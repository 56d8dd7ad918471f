// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_get_stack() and bpf_get_stackid() of a program that has no registers of the probe: the stack begins at the program itself.
 * result is the number of frames or the error, caller the second frame, which has called the program.
 */
#include "trace_direct_helpers.h"

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 16 * sizeof(__u64));
} stacks SEC(".maps");

static __always_inline void try_helper(void *args, struct trace_record *to)
{
	__u64 frame[8] = {};
	long bytes = bpf_get_stack(args, frame, sizeof(frame), 0);
	long id = bpf_get_stackid(args, &stacks, 0);

	to->result = bytes < 0 ? bytes : bytes / sizeof(__u64);
	if (id < 0 && id != -17 /* EEXIST: the slot has another one */)
		to->result = id;
	to->caller = frame[1];
}
