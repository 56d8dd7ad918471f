// SPDX-License-Identifier: GPL-2.0-only
/* bpf_perf_event_output() of the other type of programs: result is what it returned. */
#include "trace_direct_helpers.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} perf SEC(".maps");

static __always_inline void try_helper(void *args, struct trace_record *to)
{
	to->result = bpf_perf_event_output(args, &perf, BPF_F_CURRENT_CPU, &to->ctx, 64);
}
