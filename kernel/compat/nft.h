/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h for nf_tables, whose types change more often than others.
 */
#ifndef _IPTABLES_EBPF_COMPAT_NFT_H
#define _IPTABLES_EBPF_COMPAT_NFT_H

#include <linux/rcupdate.h>
#include <net/netfilter/nf_tables.h>

#include "compat.h"

static inline const struct nf_hook_state *compat_nft_state(const struct nft_pktinfo *pkt)
{
#ifdef HAVE_NFT_PKTINFO_STATE
	return pkt->state;
#else
	return pkt->xt.state;
#endif
}

/* Leaves what nft_trace_init() is to fill in such that nothing is reported; some ask it for the packet nevertheless. */
static inline void compat_nft_untraced(struct nft_traceinfo *info, const struct nft_pktinfo *pkt)
{
#ifndef HAVE_NFT_TRACE_NOTIFY_RULE
	info->pkt = pkt;
#endif
	info->trace = false;
}

/* Whether it is no rule that is reported, but the end of a chain. */
static inline bool compat_nft_is_end(const struct nft_traceinfo *info,
				     const struct nft_verdict *verdict, const void *rule)
{
#ifdef HAVE_NFT_RULE_DP
	return rule && ((const struct nft_rule_dp *)rule)->is_last;
#else
	return info->type == NFT_TRACETYPE_RETURN && verdict->code == NFT_CONTINUE;
#endif
}

/* The chain of a rule that is reported, by info and rule; hint: perhaps this one. */
#ifdef HAVE_NFT_TRACE_NOTIFY_RULE
static inline bool compat_nft_blob_has(const struct nft_rule_blob *blob,
				       const struct nft_rule_dp *rule)
{
	const unsigned char *at = (const unsigned char *)rule;

	return blob && at >= blob->data && at <= blob->data + blob->size;
}

static inline bool compat_nft_chain_has(const struct nft_chain *chain,
					const struct nft_rule_dp *rule)
{
	return compat_nft_blob_has(rcu_dereference(chain->blob_gen_0), rule) ||
	       compat_nft_blob_has(rcu_dereference(chain->blob_gen_1), rule);
}

static inline const struct nft_chain *compat_nft_chain_of(const struct nft_traceinfo *info,
							  const struct nft_rule_dp *rule,
							  const struct nft_chain *hint)
{
	if (!rule)
		return &info->basechain->chain;
	if (likely(compat_nft_chain_has(hint, rule)))
		return hint;
	while (!rule->is_last)
		rule = nft_rule_next(rule);
	return ((const struct nft_rule_dp_last *)rule)->chain;
}
#else
static inline const struct nft_chain *compat_nft_chain_of(const struct nft_traceinfo *info,
							  const void *rule,
							  const struct nft_chain *hint)
{
	return info->chain;
}
#endif

#endif
