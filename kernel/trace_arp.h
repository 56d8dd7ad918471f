/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is different where the packet is one of ARP, in a base chain of nf_tables' family arp: see trace_arp.c.
 */
#ifndef _IPTABLES_TRACE_ARP_H
#define _IPTABLES_TRACE_ARP_H

#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <linux/skbuff.h>
#include <linux/types.h>

bool itrace_arp_is_readable(const struct sk_buff *skb);
u64 itrace_arp_content(const struct sk_buff *skb);
u32 itrace_arp_flow(const struct sk_buff *skb, u32 seed);

/* ARP counts its hooks by itself: that of IP which means the same. */
static inline unsigned int itrace_arp_hook(const struct nf_hook_state *state)
{
	return state->hook == NF_ARP_IN ? NF_INET_LOCAL_IN : NF_INET_LOCAL_OUT;
}

#endif
