// SPDX-License-Identifier: GPL-2.0-only
/* Records each traversal, or part of one, as it is; not every refuse-th of a packet's first events, and then it says so. */
#include <asm/ptrace.h>
#include "trace_kernel_types.h"
#include "../trace_record.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

const volatile __u32 refuse;

/* For what is copied out of the context, which a helper does not read. */
static __always_inline void copy_rules(struct trace_whole_record *to,
				       const struct iptables_trace_traversal *t)
{
	int i;

#pragma unroll
	for (i = 0; i < IPTABLES_TRACE_RULES_MAX; i++)
		to->whole.rules[i] = t->rules[i];
}

SEC("raw_tp.w")
int BPF_PROG(walk, const struct iptables_trace_traversal *t, const struct sk_buff *skb,
	     const struct nf_hook_state *state)
{
	struct trace_whole_record *to;

	if (refuse && t->enter.seq % refuse == 0)
		return 1;
	to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);
	if (!to)
		return 1;
	to->whole.enter = t->enter;
	to->whole.parts = t->parts;
	to->whole.rule_count = t->rule_count;
	to->whole.left = t->left;
	__builtin_memcpy(to->whole.left_header, t->left_header, sizeof(t->left_header));
	copy_rules(to, t);
	to->skb = (__u64)skb;
	to->state_hook = BPF_CORE_READ(state, hook);
	to->nf_trace = skb ? BPF_CORE_READ_BITFIELD_PROBED(skb, nf_trace) : 2;
	bpf_ringbuf_submit(to, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
