/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nf_tables has in every namespace, and the number of its generation there. For one source file: what is found out
 * once is kept here.
 */
#ifndef _IPTABLES_EBPF_COMPAT_NFT_GENERATION_H
#define _IPTABLES_EBPF_COMPAT_NFT_GENERATION_H

#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_tables.h>
#include <net/netns/generic.h>

#include "compat.h"

static unsigned int compat_nft_net_id;

/* nf_tables keeps the number of its area to itself. It is found as the area begins with the list that the table is on. */
static inline unsigned int compat_nft_find_net_id(const struct net *net,
						  const struct nft_table *table)
{
	const struct net_generic *areas = rcu_dereference(net->gen);
	const struct list_head *node = rcu_dereference(list_next_rcu(&table->list));
	unsigned int tables, id;

	BUILD_BUG_ON(offsetof(struct nftables_pernet, tables));
	/* One that is being removed has no way back to itself. */
	for (tables = 0; tables < 1024 && node != &table->list; tables++) {
		for (id = DIV_ROUND_UP(sizeof(*areas), sizeof(void *)); id < areas->s.len; id++)
			if (areas->ptr[id] == node)
				return id;
		node = rcu_dereference(list_next_rcu(node));
	}
	return 0;
}

/* NULL if it is not found. */
static inline struct nftables_pernet *compat_nft_area(const struct net *net,
						      const struct nft_table *table)
{
	unsigned int id = READ_ONCE(compat_nft_net_id);

	if (unlikely(!id)) {
		id = compat_nft_find_net_id(net, table);
		if (!id)
			return NULL;
		WRITE_ONCE(compat_nft_net_id, id);
	}
	return rcu_dereference(net->gen)->ptr[id];
}

/* When nf_tables goes, its number may be another's. */
static inline void compat_nft_forget(void)
{
	WRITE_ONCE(compat_nft_net_id, 0);
}

static inline unsigned int compat_nft_base_seq(const struct net *net,
					       const struct nftables_pernet *area)
{
#ifdef HAVE_NET_NFT_BASE_SEQ
	return READ_ONCE(net->nft.base_seq);
#else
	return READ_ONCE(area->base_seq);
#endif
}

#endif
