// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which of two tables comes first on a packet's way through the host: by this a packet is told from a later one in the same
 * memory. Tables of x_tables and base chains of nf_tables are functions of the same hooks, so one order is for both: that
 * in which the kernel calls them.
 */
#include <linux/minmax.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter/x_tables.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "trace.h"

/* Of bridge and IP in turn; a bridge hands to IP what is for the host, and gets from it what goes out. */
enum {
	BRIDGE_PREROUTING,
	BRIDGE_INPUT_FORWARD,
	PREROUTING,
	INPUT_FORWARD,		/* INPUT comes before OUTPUT, as IPVS sends packets from there */
	OUTPUT,
	POSTROUTING,
	BRIDGE_OUTPUT,
	BRIDGE_POSTROUTING,
};

static u8 bridge_stage(u8 hook)
{
	switch (hook) {
	case NF_INET_PRE_ROUTING:
		return BRIDGE_PREROUTING;
	case NF_INET_LOCAL_IN:
	case NF_INET_FORWARD:
		return BRIDGE_INPUT_FORWARD;
	case NF_INET_LOCAL_OUT:
		return BRIDGE_OUTPUT;
	default:
		return BRIDGE_POSTROUTING;
	}
}

static u8 ip_stage(u8 hook)
{
	switch (hook) {
	case NF_INET_PRE_ROUTING:
		return PREROUTING;
	case NF_INET_LOCAL_IN:
	case NF_INET_FORWARD:
		return INPUT_FORWARD;
	case NF_INET_LOCAL_OUT:
		return OUTPUT;
	default:
		return POSTROUTING;
	}
}

/* With br_netfilter the hooks of IP are called from within those of a bridge: then they are of the same stage. */
static bool within_bridge(const struct sk_buff *skb, const struct nf_hook_state *state)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return skb_ext_exist(skb, SKB_EXT_BRIDGE_NF) && state->hook != NF_INET_LOCAL_OUT &&
	       (state->hook != NF_INET_POST_ROUTING || skb->dev != state->out);
#else
	return false;
#endif
}

static u8 stage(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	/* Of its own, as a packet of ARP is never one of IP: see itrace_comes_later(). */
	if (state->pf == NFPROTO_ARP)
		return state->hook == NF_ARP_IN ? PREROUTING : OUTPUT;
	if (state->pf == NFPROTO_BRIDGE || within_bridge(skb, state))
		return bridge_stage(state->hook);
	return ip_stage(state->hook);
}

/* The nat table is no hook function itself, nor is a chain of this type: they are called by those of nf_nat. */
static bool is_nat(const struct itrace_visit *at)
{
	if (at->table)
		return !memcmp(at->table->name, "nat", sizeof("nat"));
	return itrace_nft_is_nat(at->chain);
}

static int priority_of_nat(u8 hook)
{
	return hook == NF_INET_PRE_ROUTING || hook == NF_INET_LOCAL_OUT ? NF_IP_PRI_NAT_DST :
									   NF_IP_PRI_NAT_SRC;
}

const char *itrace_table_name(const struct itrace_visit *at)
{
	return at->table ? at->table->name : itrace_nft_table_name(at->chain);
}

static const struct nf_hook_entries *functions_of(const struct nf_hook_state *state)
{
	const struct netns_nf *nf = &state->net->nf;

	switch (state->pf) {
	case NFPROTO_IPV4:
		return rcu_dereference(nf->hooks_ipv4[state->hook]);
	case NFPROTO_IPV6:
		return rcu_dereference(nf->hooks_ipv6[state->hook]);
#ifdef CONFIG_NETFILTER_FAMILY_ARP
	case NFPROTO_ARP:
		return rcu_dereference(nf->hooks_arp[state->hook]);
#endif
#ifdef CONFIG_NETFILTER_FAMILY_BRIDGE
	case NFPROTO_BRIDGE:
		return rcu_dereference(nf->hooks_bridge[state->hook]);
#endif
	default:
		return NULL;
	}
}

/*
 * How many functions are called before, at this hook. Functions of one priority are told apart by what they are called
 * with; tables of x_tables are called with nothing before 5.16, nat chains at any time.
 */
static __always_inline u8 position(const struct nf_hook_state *state, int priority,
				   const void *called_with)
{
	const struct nf_hook_entries *functions = functions_of(state);
	struct nf_hook_ops **ops;
	unsigned int i;

	if (!functions)
		return 0;
	for (i = 0; i < functions->num_hook_entries; i++)
		if (called_with && functions->hooks[i].priv == called_with)
			goto found;
	ops = nf_hook_entries_get_hook_ops(functions);
	for (i = 0; i < functions->num_hook_entries; i++)
		if (ops[i]->priority > priority ||
		    (ops[i]->priority == priority && !(called_with && functions->hooks[i].priv)))
			goto found;
found:
	return min_t(unsigned int, i, U8_MAX);
}

/* While the packet is there. */
void itrace_order_find(struct itrace_visit *at)
{
	const void *table = at->table ? (const void *)at->table : (const void *)at->chain;
	const struct nf_hook_state *state = at->state;
	struct itrace_order *order = &at->order;
	bool nat = is_nat(at);

	order->stage = stage(at->skb, state);
	order->hook = state->hook;
	order->pf = state->pf;
	order->table = table;
	/* As its user would say it: the nat table has none. */
	if (!at->table)
		order->priority = itrace_nft_priority(at->chain);
	else
		order->priority = nat ? priority_of_nat(state->hook) : at->table->priority;
	order->position = position(state, nat ? priority_of_nat(state->hook) : order->priority,
				   nat ? NULL : table);
}

static bool is_arp(const struct itrace_order *order)
{
	return order->pf == NFPROTO_ARP;
}

bool itrace_comes_later(const struct itrace_order *order, const struct itrace_order *than)
{
	if (is_arp(order) != is_arp(than))
		return false;
	if (order->stage != than->stage)
		return order->stage > than->stage;
	if (order->hook != than->hook)
		return false;
	if (order->pf != than->pf)
		return true;
	if (order->position != than->position)
		return order->position > than->position;
	if (order->priority != than->priority)
		return order->priority > than->priority;
	return order->table != than->table;
}
