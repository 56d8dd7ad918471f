/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arguments of the probed functions of nf_tables, as trace_args.h has those of x_tables, and what there is in them.
 */
#ifndef _IPTABLES_TRACE_NFT_H
#define _IPTABLES_TRACE_NFT_H

#include <net/netfilter/nf_tables.h>
#include <net/netfilter/nf_tables_core.h>
#include <net/netfilter/nft_meta.h>

#include "compat/nft.h"
#include "trace_args.h"
#include "trace_arp.h"

/* What the kernel is about to tell of a rule, of the end of a chain or of a policy. */
struct itrace_nft_report {
	const struct nft_chain *chain;
	u64 handle;			/* of the rule, or of the chain */
	u32 verdict;
	u8 type;			/* IPTABLES_TRACE_TYPE_... */
	bool gone;			/* the packet */
};

/* nft_do_chain(pkt, base chain) */
static __always_inline const struct nft_pktinfo *itrace_chain_pkt_arg(struct pt_regs *regs)
{
	return (const struct nft_pktinfo *)itrace_arg(regs, 0);
}

static __always_inline const struct nft_chain *itrace_chain_arg(struct pt_regs *regs)
{
	return (const struct nft_chain *)itrace_arg(regs, 1);
}

/* nft_trace_init(info, pkt, base chain), once with more */
static __always_inline struct nft_traceinfo *itrace_init_info_arg(struct pt_regs *regs)
{
	return (struct nft_traceinfo *)itrace_arg(regs, 0);
}

static __always_inline const struct nft_pktinfo *itrace_init_pkt_arg(struct pt_regs *regs)
{
	return (const struct nft_pktinfo *)itrace_arg(regs, 1);
}

/* nft_meta_set_eval(expr, regs, pkt), nft_match_eval(), nft_match_large_eval() */
static __always_inline const struct nft_expr *itrace_eval_expr_arg(struct pt_regs *regs)
{
	return (const struct nft_expr *)itrace_arg(regs, 0);
}

static __always_inline const struct nft_regs *itrace_eval_regs_arg(struct pt_regs *regs)
{
	return (const struct nft_regs *)itrace_arg(regs, 1);
}

static __always_inline const struct nft_pktinfo *itrace_eval_pkt_arg(struct pt_regs *regs)
{
	return (const struct nft_pktinfo *)itrace_arg(regs, 2);
}

/* nft_trace_notify(pkt, verdict, rule, info); or (info), with the others in it */
#ifdef HAVE_NFT_TRACE_NOTIFY_RULE
static __always_inline const struct nft_traceinfo *itrace_notify_info_arg(struct pt_regs *regs)
{
	return (const struct nft_traceinfo *)itrace_arg(regs, 3);
}

static __always_inline const struct nft_pktinfo *itrace_notify_pkt_arg(struct pt_regs *regs)
{
	return (const struct nft_pktinfo *)itrace_arg(regs, 0);
}

static __always_inline const struct nft_verdict *itrace_notify_verdict_arg(struct pt_regs *regs)
{
	return (const struct nft_verdict *)itrace_arg(regs, 1);
}

static __always_inline const struct nft_rule_dp *itrace_notify_rule_arg(struct pt_regs *regs)
{
	return (const struct nft_rule_dp *)itrace_arg(regs, 2);
}
#else
static __always_inline const struct nft_traceinfo *itrace_notify_info_arg(struct pt_regs *regs)
{
	return (const struct nft_traceinfo *)itrace_arg(regs, 0);
}

static __always_inline const struct nft_pktinfo *itrace_notify_pkt_arg(struct pt_regs *regs)
{
	return itrace_notify_info_arg(regs)->pkt;
}

static __always_inline const struct nft_verdict *itrace_notify_verdict_arg(struct pt_regs *regs)
{
	return itrace_notify_info_arg(regs)->verdict;
}

#define itrace_notify_rule_arg(regs)	(itrace_notify_info_arg(regs)->rule)
#endif

static __always_inline void itrace_nft_visit_chain(struct itrace_visit *at, struct pt_regs *regs,
						   const struct nft_pktinfo *pkt,
						   const struct nf_hook_state *state)
{
	at->skb = pkt->skb;
	at->state = state;
	at->table = NULL;
	at->chain = itrace_chain_arg(regs);
	at->pkt = pkt;
}

/*
 * The packet at a base chain's entry, if it is one of IP that can be traced, at a hook where it is known to be. At a bridge
 * its header is not judged yet.
 */
static __always_inline bool itrace_nft_visit(struct itrace_visit *at, struct pt_regs *regs)
{
	const struct nft_pktinfo *pkt = itrace_chain_pkt_arg(regs);
	const struct nf_hook_state *state = compat_nft_state(pkt);

	if (state->hook >= NF_INET_NUMHOOKS)
		return false;
	itrace_nft_visit_chain(at, regs, pkt, state);
	if (likely(state->pf == NFPROTO_IPV4 || state->pf == NFPROTO_IPV6))
		at->family = state->pf;
	else if (state->pf == NFPROTO_BRIDGE)
		at->family = itrace_nft_family_at_bridge(pkt->skb);
	else
		return false;
	return at->family;
}

/* The same for one of ARP, at a base chain of its family. */
static inline bool itrace_nft_visit_arp(struct itrace_visit *at, struct pt_regs *regs)
{
	const struct nft_pktinfo *pkt = itrace_chain_pkt_arg(regs);
	const struct nf_hook_state *state = compat_nft_state(pkt);

	if (state->pf != NFPROTO_ARP || state->hook > NF_ARP_OUT ||
	    !itrace_arp_is_readable(pkt->skb))
		return false;
	itrace_nft_visit_chain(at, regs, pkt, state);
	at->family = NFPROTO_ARP;
	return true;
}

bool itrace_nft_report_of(struct itrace_walk *walk, struct itrace_nft_report *report,
			  struct pt_regs *regs);

#endif
