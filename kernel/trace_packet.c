// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that were selected, recognized from one table to the next.
 *
 * An skb has no room for a name of ours, so packets are found by its address. Addresses are used again, and nothing
 * tells when: that an address still means the packet of the last table is concluded from what must hold of it, see
 * continues().
 *
 * The table is a fixed number of places in small buckets. A place is owned by the walk that its packet is in, or by
 * nobody between tables; its owner alone reads and writes it. No locks: probes are no place for them. Ownership is one
 * number that grows with each change of hands, odd while there is an owner: what has been seen of a place that nobody
 * owned still holds if the number can be moved on by compare-and-exchange. Which packet a place is of stands in an array
 * of addresses, so that the usual question, whether anything is known of a packet, is one cache line.
 */
#include <linux/atomic.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/netfilter_arp.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>

#include "trace.h"
#include "trace_arp.h"
#include "trace_seen.h"

/* In the place of the address of a packet that was taken away while its walk goes on: it means another packet by now. */
#define OUTLIVED		1UL

struct itrace_bucket *itrace_buckets;
static struct itrace_packet *places;

int itrace_packets_alloc(void)
{
	itrace_buckets = kvcalloc(ITRACE_BUCKETS, sizeof(*itrace_buckets), GFP_KERNEL);
	places = kvcalloc(ITRACE_MAX_PACKETS, sizeof(*places), GFP_KERNEL);
	if (itrace_buckets && places)
		return 0;
	itrace_packets_free();
	return -ENOMEM;
}

void itrace_packets_free(void)
{
	kvfree(places);
	kvfree(itrace_buckets);
	places = NULL;
	itrace_buckets = NULL;
}

static struct itrace_packet *place(const struct itrace_bucket *bucket, unsigned int i)
{
	return &places[(bucket - itrace_buckets) * ITRACE_PLACES_PER_BUCKET + i];
}

static unsigned long *address_of(const struct itrace_packet *packet)
{
	unsigned long i = packet - places;

	return &itrace_buckets[i / ITRACE_PLACES_PER_BUCKET].address[i % ITRACE_PLACES_PER_BUCKET];
}

static bool has_owner(unsigned int hands)
{
	return hands & 1;
}

/* What is read of a place afterwards is as of these hands or later ones. */
static unsigned int hands_of(const struct itrace_packet *packet)
{
	return smp_load_acquire(&packet->hands); /* Pairs with disown(). */
}

/* Takes a place that nobody has owned since hands were read. */
static bool own(struct itrace_packet *packet, unsigned int hands)
{
	return !has_owner(hands) && cmpxchg(&packet->hands, hands, hands + 1) == hands;
}

static void disown(struct itrace_packet *packet)
{
	smp_store_release(&packet->hands, packet->hands + 1); /* Pairs with hands_of(). */
}

/* Of the transport header: what NAT does not change in it and hardly another packet has the same of. */
static u64 transport_of(const struct sk_buff *skb, unsigned int offset, u8 protocol)
{
	const __be32 *word;
	__be32 buffer[3];

	word = skb_header_pointer(skb, offset, sizeof(buffer), buffer);
	if (!word)
		return 0;

	switch (protocol) {
	case IPPROTO_TCP:	/* sequence and acknowledgment number */
		return (u64)be32_to_cpu(word[1]) << 32 | be32_to_cpu(word[2]);
	case IPPROTO_ICMP:	/* type and code; what follows the identifier, which NAT changes */
	case IPPROTO_ICMPV6:
		return (u64)(be32_to_cpu(word[0]) >> 16) << 16 | (be32_to_cpu(word[1]) & 0xffff);
	case IPPROTO_SCTP:	/* verification tag */
	case IPPROTO_AH:	/* security parameters index */
		return be32_to_cpu(word[1]);
	case IPPROTO_ESP:	/* security parameters index and sequence number */
		return (u64)be32_to_cpu(word[0]) << 32 | be32_to_cpu(word[1]);
	default:		/* UDP: ports and checksum change, the length is the IP header's */
		return 0;
	}
}

/* In the number of a fragment of IPv4: 16 bits each. */
#define ID_SHIFT		48
#define FRAGMENT_SHIFT		32	/* offset and "more fragments" */

/* What a packet keeps on its way whatever NAT does to it, as a number that hardly another packet has. */
u64 itrace_packet_content(const struct sk_buff *skb, u8 family)
{
	unsigned int offset;
	u16 fragment;
	u64 content;
	u8 protocol;

	if (unlikely(family == NFPROTO_ARP))
		return itrace_arp_content(skb);
	if (family == NFPROTO_IPV4) {
		const struct iphdr *ip = ip_hdr(skb);

		protocol = ip->protocol;
		fragment = be16_to_cpu(ip->frag_off) & (IP_MF | IP_OFFSET);
		offset = skb_network_offset(skb) + ip->ihl * 4;
		content = (u64)be16_to_cpu(ip->id) << ID_SHIFT |
			  (u64)be16_to_cpu(ip->tot_len) << 16;
	} else {
		const struct ipv6hdr *ip = ipv6_hdr(skb);
		__be16 fragment_offset = 0;
		int found;

		protocol = ip->nexthdr;
		found = ipv6_skip_exthdr(skb, skb_network_offset(skb) + sizeof(*ip), &protocol,
					 &fragment_offset);
		fragment = be16_to_cpu(fragment_offset) & ~0x7;
		offset = found < 0 ? skb->len : found;
		content = (u64)be32_to_cpu(ip6_flowlabel(ip)) << 40 |
			  (u64)be16_to_cpu(ip->payload_len) << 16;
	}
	content |= (u64)fragment << FRAGMENT_SHIFT ^ protocol;

	return fragment ? content : content * GOLDEN_RATIO_64 ^ transport_of(skb, offset, protocol);
}

static unsigned long connection_of(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(skb, &info);

	return ct ? (unsigned long)ct | (CTINFO2DIR(info) == IP_CT_DIR_REPLY) : 0;
#else
	return 0;
#endif
}

static bool comes_later(const struct itrace_packet *packet, const struct itrace_visit *at)
{
	/* NFQUEUE may have a packet enter the same table again. */
	return itrace_comes_later(&at->order, &packet->order) ||
	       (packet->queued && at->order.hook == packet->order.hook &&
		at->order.table == packet->order.table);
}

/* On its way through the tables a packet stays one that a device has received, or one that this host has made. */
static bool is_received(const struct sk_buff *skb)
{
	return skb->skb_iif;
}

/*
 * Whether this is what the fragment of IPv4 that left the last table has completed: fragments are put together in the memory
 * of the one that comes last.
 */
static bool is_completed_by(const struct itrace_packet *packet, const struct itrace_visit *at)
{
	const struct iphdr *ip = ip_hdr(at->skb);

	return at->family == NFPROTO_IPV4 && !ip_is_fragment(ip) &&
	       packet->content >> ID_SHIFT == be16_to_cpu(ip->id) &&
	       packet->content >> FRAGMENT_SHIFT & (IP_MF | IP_OFFSET) &&
	       (packet->content & U16_MAX) == ip->protocol;
}

/*
 * Whether its content tells a packet from others of its kind. That of a datagram or of a fragment does not: IP ids are soon used
 * again.
 */
static bool has_own_content(const struct sk_buff *skb, u8 family)
{
	unsigned int offset = skb_network_offset(skb);
	const u8 *type;
	u8 protocol;
	u8 buffer;

	if (family == NFPROTO_IPV4) {
		if (ip_is_fragment(ip_hdr(skb)))
			return false;
		offset += ip_hdr(skb)->ihl * 4;
		protocol = ip_hdr(skb)->protocol;
	} else if (family == NFPROTO_IPV6) {
		offset += sizeof(struct ipv6hdr);
		protocol = ipv6_hdr(skb)->nexthdr;
	} else {
		return false;
	}
	if (protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6)
		return protocol == IPPROTO_TCP || protocol == IPPROTO_ESP;
	type = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	return type && (protocol == IPPROTO_ICMP ?
				*type == ICMP_ECHO || *type == ICMP_ECHOREPLY :
				*type == ICMPV6_ECHO_REQUEST || *type == ICMPV6_ECHO_REPLY);
}

static bool is_recent(const struct itrace_packet *packet)
{
	return time_before_eq(jiffies, packet->seen + HZ);
}

/* Whether a packet that was seen there may be about to leave the namespace. */
static bool leads_out(const struct itrace_order *order)
{
	if (order->pf == NFPROTO_ARP)
		return order->hook == NF_ARP_OUT;
	return order->hook == NF_INET_FORWARD || order->hook == NF_INET_LOCAL_OUT ||
	       order->hook == NF_INET_POST_ROUTING;
}

/*
 * The sessions that hear of the namespace it came from alone, and not of the one it is in now, do not know it any more. Returns
 * whether any does.
 */
static bool leave_sessions(struct itrace_packet *packet, const struct net *net)
{
	const struct itrace_running *running = rcu_dereference_sched(itrace_running);
	bool known = false;
	unsigned int i;

	for (i = 0; running && i < running->count; i++) {
		struct itrace_session *session = running->session[i];

		if (!itrace_session_hears_of(session, net))
			packet->serial[session->slot] = 0;
		known |= itrace_session_selected(session, packet);
	}
	return known;
}

/*
 * Whether the packet has left its namespace and now comes to another one, as by a pair of veth. A new packet in the same
 * memory does not show itself by where it is: any packet begins its way there. Where this one began its way, it may be its own
 * retransmission.
 */
static bool crosses(struct itrace_packet *packet, const struct itrace_visit *at)
{
	const struct net *net = at->state->net;

	if (!is_received(at->skb) || !leads_out(&packet->order) || !is_recent(packet) ||
	    packet->content != itrace_packet_content(at->skb, at->family) ||
	    !leave_sessions(packet, net))
		return false;
	if (!has_own_content(at->skb, at->family) || packet->began_in == net)
		packet->guessed = true;
	if (!packet->began_in)
		packet->began_in = packet->net;
	return true;
}

/*
 * Whether what has come to a socket's side seems to go on to where packets leave. IPVS sends it there, and says so; else it is
 * another packet that has been forwarded, through no table so far.
 */
static bool turns_back(const struct itrace_packet *packet, const struct itrace_visit *at)
{
#if IS_ENABLED(CONFIG_IP_VS)
	if (at->skb->ipvs_property)
		return false;
#endif
	return packet->order.hook == NF_INET_LOCAL_IN && at->order.hook != NF_INET_LOCAL_IN &&
	       packet->order.pf != NFPROTO_BRIDGE;
}

/*
 * Whether the skb that now enters a table is the packet that left one before. A new packet in the same memory
 * begins its way where that one began it, or before, and so shows itself by where it is; or it is made by this host, in
 * the memory of one that came to a socket here, which IPVS might have sent on. What else could be in its place, on the
 * same way further on, has other contents, or comes much later.
 */
static bool continues(struct itrace_packet *packet, const struct itrace_visit *at)
{
	const struct sk_buff *skb = at->skb;
	unsigned long connection;

	if (unlikely(packet->net != at->state->net))
		return crosses(packet, at);
	if (packet->received != is_received(skb) || !comes_later(packet, at) ||
	    turns_back(packet, at))
		return false;
	if ((packet->content == itrace_packet_content(skb, at->family) ||
	     is_completed_by(packet, at)) &&
	    (likely(is_recent(packet)) || packet->queued || has_own_content(skb, at->family)))
		return true;

	/*
	 * Changed in between, as by a connection tracking helper, or kept back for long: likely, if it still is of the same
	 * connection.
	 */
	connection = connection_of(skb);
	packet->guessed = connection && connection == packet->connection;
	return packet->guessed;
}

/*
 * The place of a packet that is about to enter a table if it is known, else of another packet that had the same address,
 * else NULL. It belongs to the caller now.
 */
struct itrace_packet *itrace_packet_resume(const struct itrace_visit *at, bool *same)
{
	unsigned long address = (unsigned long)at->skb;
	struct itrace_bucket *bucket = itrace_bucket_of(at->skb);
	unsigned int i;

	*same = false;
	for (i = 0; i < ITRACE_PLACES_PER_BUCKET; i++) {
		struct itrace_packet *packet;
		unsigned int hands;

		if (READ_ONCE(bucket->address[i]) != address)
			continue;
		packet = place(bucket, i);
		hands = hands_of(packet);
		/* What has been read before may be older than these hands. */
		if (READ_ONCE(bucket->address[i]) != address)
			continue;
		if (own(packet, hands)) {
			*same = continues(packet, at);
			return packet;
		}
		/*
		 * Its walk has yet to end but has lost its packet, or this one would not be here: nothing may take this
		 * one for it. Or the place is being given to another packet, whose address comes next.
		 */
		cmpxchg(&bucket->address[i], address, OUTLIVED);
	}
	return NULL;
}

/* Whether the packet of a place may yet enter another table, as far as anybody can tell. */
static bool expected_back(const struct itrace_packet *packet)
{
	unsigned long age = jiffies - packet->seen;

	if (packet->queued)
		return age < 60 * HZ;
	/* The other tables of the last hooks follow at once; one of ARP has no others. */
	if (packet->order.pf == NFPROTO_ARP || packet->order.hook == NF_INET_LOCAL_IN ||
	    packet->order.hook == NF_INET_POST_ROUTING)
		return age <= 1;
	return age < HZ;
}

/* Its sessions learn that there is a packet which they will see no more of. */
static void count_forgotten(const struct itrace_packet *packet)
{
	const struct itrace_running *running = rcu_dereference_sched(itrace_running);
	unsigned int i;

	if (!running || !expected_back(packet))
		return;
	for (i = 0; i < running->count; i++) {
		struct itrace_session *session = running->session[i];

		if (itrace_session_selected(session, packet))
			this_cpu_inc(session->counters->forgotten);
	}
}

static bool older(const struct itrace_packet *a, const struct itrace_packet *b)
{
	return time_before(READ_ONCE(a->seen), READ_ONCE(b->seen));
}

/*
 * Of the bucket's places that nobody owns, with the hands that say so, one that is free, or else the one whose packet was
 * seen the longest ago; or -1.
 */
static int find_room(const struct itrace_bucket *bucket, const struct itrace_packet *places_of_it,
		     unsigned int *hands)
{
	int room = -1;
	int i;

	for (i = 0; i < ITRACE_PLACES_PER_BUCKET; i++) {
		const struct itrace_packet *packet = &places_of_it[i];
		unsigned int now = hands_of(packet);
		bool free = !READ_ONCE(bucket->address[i]);

		if (has_owner(now))
			continue;
		if (free || room < 0 || older(packet, &places_of_it[room])) {
			room = i;
			*hands = now;
		}
		if (free)
			break;
	}
	return room;
}

/* A place for a packet that has none, or NULL. Belongs to the caller's walk. */
struct itrace_packet *itrace_packet_new(const struct sk_buff *skb)
{
	struct itrace_bucket *bucket = itrace_bucket_of(skb);
	struct itrace_packet *places_of_it = place(bucket, 0);
	unsigned int hands;
	int tries, i;

	/* Others may be quicker, but not each time. */
	for (tries = 0; tries < ITRACE_PLACES_PER_BUCKET; tries++) {
		struct itrace_packet *packet;

		i = find_room(bucket, places_of_it, &hands);
		if (i < 0)
			return NULL;
		packet = &places_of_it[i];
		if (!own(packet, hands))
			continue;
		if (READ_ONCE(bucket->address[i]))
			count_forgotten(packet);
		WRITE_ONCE(bucket->address[i], (unsigned long)skb);
		return packet;
	}
	return NULL;
}

/*
 * The walk that this skb is in now, or NULL. For probes during the walk. If the walk's beginning was missed, a place may
 * still have the address from before while it is given to another packet: its walk is not this one's.
 */
struct itrace_walk *itrace_packet_walk(const struct sk_buff *skb)
{
	const struct itrace_bucket *bucket = itrace_bucket_of(skb);
	unsigned int i;

	for (i = 0; i < ITRACE_PLACES_PER_BUCKET; i++) {
		struct itrace_walk *walk;

		if (READ_ONCE(bucket->address[i]) != (unsigned long)skb)
			continue;
		walk = READ_ONCE(place(bucket, i)->walk);
		if (walk && walk->at.skb == skb)
			return walk;
	}
	return NULL;
}

/* The walk is over, the packet goes on; it may be in another thread's hands as soon as the caller has returned. */
void itrace_packet_pause(struct itrace_packet *packet, bool queued)
{
	const struct itrace_visit *at = &packet->walk->at;

	packet->net = at->state->net;
	packet->connection = connection_of(at->skb);
	packet->content = itrace_packet_content(at->skb, at->family);
	packet->seen = jiffies;
	packet->order = at->order;
	packet->queued = queued;
	if (unlikely(queued))
		packet->queued_by = in_serving_softirq() ? NULL : current;
	packet->received = is_received(at->skb);
	WRITE_ONCE(packet->walk, NULL);
	WRITE_ONCE(packet->walk_id, 0);
	disown(packet);
}

/* There was no walk: everything is as it was before itrace_packet_resume(). */
void itrace_packet_release(struct itrace_packet *packet)
{
	disown(packet);
}

/* The walk is over and so is the packet. */
void itrace_packet_drop(struct itrace_packet *packet)
{
	WRITE_ONCE(packet->walk, NULL);
	WRITE_ONCE(packet->walk_id, 0);
	WRITE_ONCE(*address_of(packet), 0);
	disown(packet);
}
