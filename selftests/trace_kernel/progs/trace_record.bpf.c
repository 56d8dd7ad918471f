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

static __always_inline int refused(const struct iptables_trace_ctx *ctx)
{
	__u32 seq;

	return refuse && (bpf_probe_read_kernel(&seq, sizeof(seq), &ctx->seq) || seq % refuse == 0);
}

static __always_inline int fill(struct trace_record *to, struct pt_regs *regs)
{
	const struct nf_hook_state *state = (const void *)PT_REGS_PARM3(regs);
	struct sk_buff *skb = (void *)PT_REGS_PARM2(regs);

	if (bpf_probe_read_kernel(&to->ctx, sizeof(to->ctx), (const void *)PT_REGS_PARM1(regs)))
		return -1;
	to->skb = (__u64)skb;
	to->state = (__u64)state;
	to->nf_trace = skb ? BPF_CORE_READ_BITFIELD_PROBED(skb, nf_trace) : 2;
	to->state_hook = BPF_CORE_READ(state, hook);
	to->result = 0;
	to->caller = 0;
	return 0;
}

static __always_inline int record(struct pt_regs *regs)
{
	struct trace_record *to;

	if (refused((const void *)PT_REGS_PARM1(regs)))
		return 1;
	to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);
	if (!to)
		return 1;
	if (fill(to, regs)) {
		bpf_ringbuf_discard(to, 0);
		return 1;
	}
	bpf_ringbuf_submit(to, 0);
	return 0;
}

static __always_inline int fill_matches(struct trace_matches_record *to, struct pt_regs *regs)
{
	__u64 length;

	if (fill(&to->record, regs))
		return -1;
	length = to->record.ctx.match_count * sizeof(to->match[0]);
	barrier_var(length);
	if (length > sizeof(to->match))
		return -1;
	return bpf_probe_read_kernel(to->match, length, (const void *)to->record.ctx.matches);
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

SEC("kprobe")
int matches(struct pt_regs *regs)
{
	struct trace_matches_record *to;

	if (refused((const void *)PT_REGS_PARM1(regs)))
		return 1;
	to = bpf_ringbuf_reserve(&events, sizeof(*to), 0);
	if (!to)
		return 1;
	if (fill_matches(to, regs)) {
		bpf_ringbuf_discard(to, 0);
		return 1;
	}
	bpf_ringbuf_submit(to, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
