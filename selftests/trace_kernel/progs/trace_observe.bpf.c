// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks at packets where nobody traces: ordinary kprobes on functions that have an skb, inside of a table and outside.
 * Counts by place, protocol and mark.
 */
#include <stddef.h>
#include <asm/ptrace.h>
#include "trace_kernel_types.h"
#include "../trace_observe.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, OBSERVE_PLACES * 256 * 2);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

/* Where it is in this kernel. */
const volatile __u64 mark_mt;

/* Whether the function of a match is called with that match, by OBSERVE_AS_... */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, OBSERVE_AS);
	__type(key, __u32);
	__type(value, __u64);
} called_as SEC(".maps");

static __always_inline void look_at_match(struct pt_regs *regs)
{
	const struct xt_action_param *par = (const void *)PT_REGS_PARM2(regs);
	const struct xt_match *match = NULL;
	void *function = NULL;
	__u64 *count;
	__u32 as;

	bpf_probe_read_kernel(&match, sizeof(match), &par->match);
	bpf_probe_read_kernel(&function, sizeof(function), &match->match);
	as = (__u64)function == mark_mt ? OBSERVE_AS_ITSELF : OBSERVE_AS_OTHER;
	count = bpf_map_lookup_elem(&called_as, &as);
	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline int observe(__u32 place, const struct sk_buff *skb)
{
	unsigned char *ip = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	__u8 version = 0, protocol = 0;
	__u64 *count;
	__u32 key;

	bpf_probe_read_kernel(&version, sizeof(version), ip);
	bpf_probe_read_kernel(&protocol, sizeof(protocol), version >> 4 == 4 ? ip + 9 : ip + 6);
	key = (place * 256 + protocol) * 2 + BPF_CORE_READ_BITFIELD_PROBED(skb, nf_trace);
	count = bpf_map_lookup_elem(&seen, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

/* A match: the packet is in a table. */
SEC("kprobe/mark_mt")
int in_table(struct pt_regs *regs)
{
	look_at_match(regs);
	return observe(OBSERVE_IN_TABLE, (const void *)PT_REGS_PARM1(regs));
}

/* Between PREROUTING and INPUT. */
SEC("kprobe/ip_local_deliver")
int delivered(struct pt_regs *regs)
{
	return observe(OBSERVE_DELIVERED, (const void *)PT_REGS_PARM1(regs));
}

/* After all hooks, also of what is sent by a target of a rule. */
SEC("kprobe/dev_hard_start_xmit")
int sent(struct pt_regs *regs)
{
	return observe(OBSERVE_SENT, (const void *)PT_REGS_PARM1(regs));
}

char _license[] SEC("license") = "GPL";
