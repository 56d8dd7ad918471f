// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipt_do_table() and ip6t_do_table() are hook functions themselves, (priv, skb, state) with priv the table: since 5.16,
 * 8844e01062dd ("netfilter: iptables: allow use of ipt_do_table as hookfn"). Before, (skb, state, table).
 *
 * expected no: incompatible.(function.)?pointer.types
 */
#include <linux/netfilter_ipv4/ip_tables.h>

unsigned int call(nf_hookfn hook);
unsigned int call_table(void);

unsigned int call_table(void)
{
	return call(ipt_do_table);
}
