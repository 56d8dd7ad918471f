/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_get_stack(): result is the number of frames or the error, caller the second frame. And bpf_get_stackid(). Of programs of
 * either type; context: what their helpers want.
 */
#ifndef TRACE_STACK_H
#define TRACE_STACK_H

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 16 * sizeof(__u64));
} stacks SEC(".maps");

static __always_inline void try_stack(void *context, struct trace_record *to)
{
	__u64 frame[8] = {};
	long bytes = bpf_get_stack(context, frame, sizeof(frame), 0);
	long id = bpf_get_stackid(context, &stacks, 0);

	to->result = bytes < 0 ? bytes : bytes / sizeof(__u64);
	if (id < 0 && id != -17 /* EEXIST: the slot has another one */)
		to->result = id;
	to->caller = frame[1];
}

#endif
