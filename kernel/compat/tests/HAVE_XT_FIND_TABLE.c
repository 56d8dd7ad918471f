// SPDX-License-Identifier: GPL-2.0-only
/*
 * xt_find_table() says whether a namespace has a table without making one: since 5.15, 1ef4d6d1af2d ("netfilter: x_tables:
 * add xt_find_table"). Before, the lists of tables are in struct net.
 *
 * expected no: implicit declaration of function .xt_find_table
 */
#include <linux/netfilter/x_tables.h>

struct xt_table *find(struct net *net);

struct xt_table *find(struct net *net)
{
	return xt_find_table(net, NFPROTO_IPV4, "filter");
}
