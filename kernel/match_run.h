/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The word with which a rule of revision 2 of the match "bpf" begins (struct xt_ebpf_rule): for xt_ebpf.ko, whose it is,
 * and iptables_trace.ko, which reads there which program a packet is about to meet.
 */
#ifndef _XT_EBPF_MATCH_RUN_H
#define _XT_EBPF_MATCH_RUN_H

#include <linux/bits.h>

struct bpf_prog;

/*
 * What the packet path has to know of a program and its rule, beside the pointer so that both change at once. Programs have
 * pages of their own, so these bits of the pointer are free.
 */
#define MATCH_CAREFUL		BIT(0)	/* any of the others, or rules are counted: for one question only */
#define MATCH_ODD		BIT(1)	/* it uses skb->cb, or is of type netfilter; or inverted */
#define MATCH_INVERT		BIT(2)
#define MATCH_MAY_MIGRATE	BIT(3)	/* nf_tables' packets: in a context that can change its CPU */
#define MATCH_BITS		(BIT(4) - 1)

static inline const struct bpf_prog *match_run_prog(unsigned long run)
{
	return (const struct bpf_prog *)(run & ~MATCH_BITS);
}

#endif
