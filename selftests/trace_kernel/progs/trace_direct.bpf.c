// SPDX-License-Identifier: GPL-2.0-only
/* Records each event as trace_record.bpf.c does, by programs of the type that reads the context itself. */
#include <asm/ptrace.h>
#include "trace_kernel_types.h"
#include "../trace_record.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

static __always_inline int record(const struct iptables_trace_ctx *ctx, const struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	struct trace_record *to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);

	if (!to)
		return 1;
	to->ctx = *ctx;
	to->skb = (__u64)skb;
	to->state = (__u64)state;
	to->nf_trace = skb ? BPF_CORE_READ_BITFIELD_PROBED(skb, nf_trace) : 2;
	to->state_hook = BPF_CORE_READ(state, hook);
	to->result = 0;
	to->caller = 0;
	bpf_ringbuf_submit(to, 0);
	return 0;
}

SEC("raw_tp.w")
int BPF_PROG(enter, const struct iptables_trace_ctx *c, const struct sk_buff *skb,
	     const struct nf_hook_state *state)
{
	return record(c, skb, state);
}

SEC("raw_tp.w")
int BPF_PROG(rule, const struct iptables_trace_ctx *c, const struct sk_buff *skb,
	     const struct nf_hook_state *state)
{
	return record(c, skb, state);
}

SEC("raw_tp.w")
int BPF_PROG(leave, const struct iptables_trace_ctx *c, const struct sk_buff *skb,
	     const struct nf_hook_state *state)
{
	return record(c, skb, state);
}

char _license[] SEC("license") = "GPL";
