// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct net has the generation of its nf_tables: since 6.17, 64102d9bbc3d ("netfilter: nf_tables: place base_seq in struct
 * net"), and in later stable releases of older kernels. Before, it is in nf_tables' own area of the namespace.
 *
 * expected no: no member named .(base_seq|nft)
 */
#include <net/net_namespace.h>

unsigned int generation_of(const struct net *net);

unsigned int generation_of(const struct net *net)
{
	return net->nft.base_seq;
}
