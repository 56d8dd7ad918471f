// SPDX-License-Identifier: GPL-2.0-only
/* Records each event in full; not every refuse-th event of a packet, and then it says so. */
#include <asm/ptrace.h>
#include "trace_kernel_types.h"
#include "../trace_record.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

const volatile __u32 refuse;

static __always_inline int record(struct pt_regs *regs)
{
	const struct nf_hook_state *state = (const void *)PT_REGS_PARM3(regs);
	struct sk_buff *skb = (void *)PT_REGS_PARM2(regs);
	const struct iptables_trace_ctx *ctx = (const void *)PT_REGS_PARM1(regs);
	struct trace_record *to;
	__u32 seq;

	if (refuse && (bpf_probe_read_kernel(&seq, sizeof(seq), &ctx->seq) || seq % refuse == 0))
		return 1;
	to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);
	if (!to)
		return 1;
	if (bpf_probe_read_kernel(&to->ctx, sizeof(to->ctx), ctx)) {
		bpf_ringbuf_discard(to, 0);
		return 1;
	}
	to->skb = (__u64)skb;
	to->state = (__u64)state;
	to->nf_trace = skb ? BPF_CORE_READ_BITFIELD_PROBED(skb, nf_trace) : 2;
	to->state_hook = BPF_CORE_READ(state, hook);
	to->result = 0;
	to->caller = 0;
	bpf_ringbuf_submit(to, 0);
	return 0;
}

SEC("kprobe")
int enter(struct pt_regs *regs)
{
	return record(regs);
}

SEC("kprobe")
int rule(struct pt_regs *regs)
{
	return record(regs);
}

SEC("kprobe")
int leave(struct pt_regs *regs)
{
	return record(regs);
}

char _license[] SEC("license") = "GPL";
