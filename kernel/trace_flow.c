// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first packets of a flow, that is, of both directions between two addresses and ports. What is kept of a flow is how
 * many of its packets there were, for as long as it goes on; see trace_notes.c for how many flows.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "trace.h"
#include "trace_arp.h"
#include "trace_notes.h"

/* 16384 flows. */
#define BUCKET_BITS	11

/* A flow that has been silent for so many seconds is over: as long as connection tracking waits for an answer of UDP. */
#define SILENCE		120

/* How often another CPU may be quicker. */
#define TRIES		8

int itrace_flows_create(struct itrace_select *select)
{
	if (select->first > U16_MAX)
		return -EINVAL;
	select->flows = itrace_notes_create(BUCKET_BITS);
	select->flow_seed = get_random_u32();
	return select->flows ? 0 : -ENOMEM;
}

/* Where the ports are, or a negative number if there are none: in a fragment behind the first, and in most protocols. */
static int ports_at(int offset, bool later_fragment, u8 protocol)
{
	if (later_fragment)
		return -1;
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return offset;
	default:
		return -1;
	}
}

/* The same number for both directions, and hardly for another flow. */
static u32 flow_of(const struct sk_buff *skb, u8 family, u32 seed)
{
	const __be16 none[2] = {};
	const __be16 *port = none;
	u32 from, to, end[2];
	__be16 buffer[2];
	int offset;
	u8 protocol;

	if (unlikely(family == NFPROTO_ARP))
		return itrace_arp_flow(skb, seed);
	if (family == NFPROTO_IPV4) {
		const struct iphdr *ip = ip_hdr(skb);

		protocol = ip->protocol;
		offset = ports_at(skb_network_offset(skb) + ip->ihl * 4,
				  ip->frag_off & htons(IP_OFFSET), protocol);
		from = (__force u32)ip->saddr;
		to = (__force u32)ip->daddr;
	} else {
		const struct ipv6hdr *ip = ipv6_hdr(skb);
		__be16 fragment = 0;

		protocol = ip->nexthdr;
		offset = ipv6_skip_exthdr(skb, skb_network_offset(skb) + sizeof(*ip), &protocol,
					  &fragment);
		offset = ports_at(offset, fragment & htons(~0x7), protocol);
		from = jhash2((__force const u32 *)ip->saddr.s6_addr32, 4, seed);
		to = jhash2((__force const u32 *)ip->daddr.s6_addr32, 4, seed);
	}
	if (offset >= 0)
		port = skb_header_pointer(skb, offset, sizeof(buffer), buffer) ?: none;
	end[0] = jhash_2words(from, (__force u16)port[0], seed);
	end[1] = jhash_2words(to, (__force u16)port[1], seed);
	return jhash_3words(min(end[0], end[1]), max(end[0], end[1]), protocol | family << 8, seed);
}

/* Whether the packet is one of the first of its flow; it counts. */
bool itrace_flow_admits(struct itrace_select *select, const struct sk_buff *skb, u8 family)
{
	u32 flow = flow_of(skb, family, select->flow_seed);
	unsigned int tries;

	for (tries = 0; tries < TRIES; tries++) {
		struct itrace_note note;
		u16 count = itrace_note_read(select->flows, flow, SILENCE, &note);
		bool admitted = count < select->first;

		/* Also where the count stays: the flow goes on. */
		if (itrace_note_write(&note, count + admitted))
			return admitted;
	}
	return false;
}
