/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which sessions want a packet that comes to a table. All that most packets meet of a trace is here, so it is written into the
 * probe's handler.
 */
#ifndef _IPTABLES_TRACE_WANTED_H
#define _IPTABLES_TRACE_WANTED_H

#include <linux/bits.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "trace.h"

/* Whether a session wants the packet for its own sake. arp, here and below: a constant, so that IP does not pay for it. */
static __always_inline bool itrace_wants(const struct itrace_session *session,
					 const struct itrace_visit *at, const bool arp)
{
	if (unlikely(session->select.asked & ITRACE_PREDICATES) &&
	    !(arp ? itrace_select_holds_arp(&session->select, at) :
		    itrace_select_holds(&session->select, at)))
		return false;
	return !session->filter || itrace_filter_selects(session->filter, at->skb);
}

/*
 * The sessions for which the packet is traced through this table, as bits of their places in running. What is known of the
 * packet and of its parent, if anything, matters as much as what the filters say.
 */
static __always_inline unsigned int itrace_wanted(const struct itrace_running *running,
						  const struct itrace_visit *at,
						  const struct itrace_packet *known,
						  const struct itrace_packet *parent,
						  const bool arp)
{
	const struct net *net = at->state->net;
	unsigned int selected = 0;
	unsigned int i = 0;

	/* There is one at least. */
	do {
		const struct itrace_session *session = running->session[i];

		if (!itrace_session_hears_of(session, net))
			continue;
		if ((known && itrace_session_selected(session, known)) ||
		    itrace_wants(session, at, arp) ||
		    (parent && session->children && itrace_session_selected(session, parent)))
			selected |= BIT(i);
	} while (++i < running->count);
	return selected & (arp ? running->arp : at->table ? running->legacy : running->nft);
}

/*
 * Of a packet of ARP. Filters begin where the packet's data does: the head of a link that is in front of the header steps
 * aside for so long. Nobody else looks at a packet that is in a hook.
 */
static __always_inline unsigned int itrace_wanted_arp(const struct itrace_running *running,
						      const struct itrace_visit *at,
						      const struct itrace_packet *known,
						      const struct itrace_packet *parent)
{
	unsigned int link = skb_network_offset(at->skb);
	unsigned int selected;

	__skb_pull(at->skb, link);
	selected = itrace_wanted(running, at, known, parent, true);
	__skb_push(at->skb, link);
	return selected;
}

#endif
