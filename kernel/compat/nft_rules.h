/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of a chain as packets walk through them, one after the other: "rule" is where one stands there. What that points to
 * lives as long as a walk.
 */
#ifndef _IPTABLES_EBPF_COMPAT_NFT_RULES_H
#define _IPTABLES_EBPF_COMPAT_NFT_RULES_H

#include <linux/rcupdate.h>
#include <net/netfilter/nf_tables.h>

#include "compat.h"

/*
 * compat_nft_first(): the first rule of those that a chain has in one of its two generations, or NULL: the expression is of none
 * of these.
 */
#ifdef HAVE_NFT_RULE_DP
static inline const void *compat_nft_first(const struct nft_chain *chain, bool second,
					   const struct nft_expr *expr)
{
	const struct nft_rule_blob *blob = second ? rcu_dereference(chain->blob_gen_1) :
						    rcu_dereference(chain->blob_gen_0);
	const unsigned char *at = (const unsigned char *)expr;

	return blob && at >= blob->data && at < blob->data + blob->size ? blob->data : NULL;
}

/* Behind the last rule. */
static inline bool compat_nft_ends(const void *rule)
{
	return ((const struct nft_rule_dp *)rule)->is_last;
}

static inline const struct nft_expr *compat_nft_exprs(const void *rule, unsigned int *size)
{
	const struct nft_rule_dp *packets = rule;

	*size = packets->dlen;
	return (const struct nft_expr *)packets->data;
}

static inline const void *compat_nft_next(const void *rule)
{
	const struct nft_rule_dp *packets = rule;

	return packets->data + packets->dlen;
}
#else
static inline const void *compat_nft_first(const struct nft_chain *chain, bool second,
					   const struct nft_expr *expr)
{
	return second ? rcu_dereference(chain->rules_gen_1) : rcu_dereference(chain->rules_gen_0);
}

static inline bool compat_nft_ends(const void *rule)
{
	return !*(struct nft_rule *const *)rule;
}

static inline const struct nft_expr *compat_nft_exprs(const void *rule, unsigned int *size)
{
	const struct nft_rule *users = *(struct nft_rule *const *)rule;

	*size = users->dlen;
	return (const struct nft_expr *)users->data;
}

static inline const void *compat_nft_next(const void *rule)
{
	return (struct nft_rule *const *)rule + 1;
}
#endif

#endif
