// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that were selected, recognized from one table to the next.
 *
 * An skb has no room for a name of ours, so packets are found by its address. Addresses are used again, and nothing
 * tells when: that an address still means the packet of the last table is concluded from what must hold of it, see
 * continues().
 *
 * The table is a fixed number of places in small buckets. A tag says what a place holds: 0 nothing, an address the
 * packet between tables, an address with IN_WALK the packet in a table. An skb is in one thread's hands at a time,
 * and so is a place with IN_WALK: its owner alone reads and writes it, and makes it so with one
 * compare-and-exchange. No locks: probes are no place for them.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>

#include "trace.h"

#define PLACES_PER_BUCKET	8
#define BUCKETS			(ITRACE_MAX_PACKETS / PLACES_PER_BUCKET)

/* In a tag, below the address. */
#define IN_WALK			1UL
/* The walk goes on after the packet was taken away, and its memory is another packet by now. */
#define OUTLIVED		2UL
#define TAG_FLAGS		(IN_WALK | OUTLIVED)

struct bucket {
	unsigned long tag[PLACES_PER_BUCKET];
} ____cacheline_aligned_in_smp;

static struct bucket *buckets;
static struct itrace_packet *places;

int itrace_packets_alloc(void)
{
	buckets = kvcalloc(BUCKETS, sizeof(*buckets), GFP_KERNEL);
	places = kvcalloc(ITRACE_MAX_PACKETS, sizeof(*places), GFP_KERNEL);
	if (buckets && places)
		return 0;
	itrace_packets_free();
	return -ENOMEM;
}

void itrace_packets_free(void)
{
	kvfree(places);
	kvfree(buckets);
	places = NULL;
	buckets = NULL;
}

static struct bucket *bucket_of(const struct sk_buff *skb)
{
	/* The lowest bits are the same in all. */
	return &buckets[hash_64((unsigned long)skb >> 6, ilog2(BUCKETS))];
}

static struct itrace_packet *place(const struct bucket *bucket, unsigned int i)
{
	return &places[(bucket - buckets) * PLACES_PER_BUCKET + i];
}

static unsigned long *tag_of(const struct itrace_packet *packet)
{
	unsigned long i = packet - places;

	return &buckets[i / PLACES_PER_BUCKET].tag[i % PLACES_PER_BUCKET];
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

/* What a packet keeps on its way whatever NAT does to it, as a number that hardly another packet has. */
static u64 content_of(const struct sk_buff *skb, u8 family)
{
	unsigned int offset;
	u16 fragment;
	u64 content;
	u8 protocol;

	if (family == NFPROTO_IPV4) {
		const struct iphdr *ip = ip_hdr(skb);

		protocol = ip->protocol;
		fragment = be16_to_cpu(ip->frag_off) & IP_OFFSET;
		offset = skb_network_offset(skb) + ip->ihl * 4;
		content = (u64)be16_to_cpu(ip->id) << 48 | (u64)be16_to_cpu(ip->tot_len) << 16;
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
	content |= (u64)fragment << 32 ^ protocol;

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

/* Where on its way through the host a packet is. INPUT comes before OUTPUT, as IPVS sends packets from there. */
static int stage(u8 hook)
{
	switch (hook) {
	case NF_INET_PRE_ROUTING:
		return 0;
	case NF_INET_LOCAL_IN:
	case NF_INET_FORWARD:
		return 1;
	case NF_INET_LOCAL_OUT:
		return 2;
	default:
		return 3;
	}
}

static bool comes_later(const struct itrace_packet *packet, const struct itrace_walk *walk)
{
	int priority = itrace_table_priority(walk->table, walk->state->hook);

	if (walk->state->hook != packet->hook)
		return stage(walk->state->hook) > stage(packet->hook);
	/* NFQUEUE may have a packet enter the same table again. */
	return priority > packet->priority || (priority == packet->priority && packet->queued);
}

/*
 * Whether the skb that now enters a table is the packet that left one before. A new packet in the same memory
 * begins its way where that one began it, or before, and so shows itself by where it is. What else could be in its
 * place, on the same way further on, has other contents.
 */
static bool continues(struct itrace_packet *packet, const struct sk_buff *skb,
		      const struct itrace_walk *walk)
{
	unsigned long connection;

	if (packet->net != walk->state->net || !comes_later(packet, walk))
		return false;
	if (packet->content == content_of(skb, walk->state->pf))
		return true;

	/* Changed in between, as by a connection tracking helper: likely, if it still is of the same connection. */
	connection = connection_of(skb);
	packet->guessed = connection && connection == packet->connection;
	return packet->guessed;
}

/*
 * The place of this packet if it is known, else of another packet that had the same address, else NULL. It belongs
 * to the caller's walk now.
 */
struct itrace_packet *itrace_packet_resume(const struct sk_buff *skb,
					   const struct itrace_walk *walk, bool *same)
{
	struct bucket *bucket = bucket_of(skb);
	unsigned long address = (unsigned long)skb;
	unsigned int i;

	for (i = 0; i < PLACES_PER_BUCKET; i++) {
		unsigned long tag = READ_ONCE(bucket->tag[i]);

		if (likely((tag & ~TAG_FLAGS) != address))
			continue;
		if (tag == address && cmpxchg(&bucket->tag[i], tag, tag | IN_WALK) == tag) {
			*same = continues(place(bucket, i), skb, walk);
			return place(bucket, i);
		}
		/* Its walk has yet to end, but has lost the packet: nothing may take this one for it. */
		if (tag == (address | IN_WALK))
			cmpxchg(&bucket->tag[i], tag, tag | OUTLIVED);
	}
	*same = false;
	return NULL;
}

/* Whether the packet of a place may yet enter another table, as far as anybody can tell. */
static bool expected_back(const struct itrace_packet *packet)
{
	unsigned long age = jiffies - packet->seen;

	if (packet->queued)
		return age < 60 * HZ;
	/* The other tables of the last hooks follow at once. */
	if (packet->hook == NF_INET_LOCAL_IN || packet->hook == NF_INET_POST_ROUTING)
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

static struct itrace_packet *take(struct bucket *bucket, unsigned int i, unsigned long old,
				  const struct sk_buff *skb)
{
	if (cmpxchg(&bucket->tag[i], old, (unsigned long)skb | IN_WALK) != old)
		return NULL;
	if (old)
		count_forgotten(place(bucket, i));
	return place(bucket, i);
}

static bool older(const struct itrace_packet *a, const struct itrace_packet *b)
{
	return time_before(READ_ONCE(a->seen), READ_ONCE(b->seen));
}

/* A place for a packet that has none, or NULL. Belongs to the caller's walk. */
struct itrace_packet *itrace_packet_new(const struct sk_buff *skb)
{
	struct bucket *bucket = bucket_of(skb);
	struct itrace_packet *packet;
	unsigned long oldest_tag = 0;
	unsigned int oldest = 0;
	unsigned int i;

	for (i = 0; i < PLACES_PER_BUCKET; i++) {
		unsigned long tag = READ_ONCE(bucket->tag[i]);

		if (!tag) {
			packet = take(bucket, i, 0, skb);
			if (packet)
				return packet;
		} else if (!(tag & IN_WALK) &&
			   (!oldest_tag || older(place(bucket, i), place(bucket, oldest)))) {
			oldest = i;
			oldest_tag = tag;
		}
	}
	return oldest_tag ? take(bucket, oldest, oldest_tag, skb) : NULL;
}

/* The packet of this skb, which is in a walk now, or NULL. For probes during the walk. */
struct itrace_packet *itrace_packet_of(const struct sk_buff *skb)
{
	const struct bucket *bucket = bucket_of(skb);
	unsigned int i;

	for (i = 0; i < PLACES_PER_BUCKET; i++)
		if (READ_ONCE(bucket->tag[i]) == ((unsigned long)skb | IN_WALK))
			return place(bucket, i);
	return NULL;
}

/* The walk is over, the packet goes on; it may be in another thread's hands as soon as the caller has returned. */
void itrace_packet_pause(struct itrace_packet *packet, const struct sk_buff *skb, bool queued)
{
	const struct itrace_walk *walk = packet->walk;

	packet->net = walk->state->net;
	packet->connection = connection_of(skb);
	packet->content = content_of(skb, walk->state->pf);
	packet->seen = jiffies;
	packet->priority = itrace_table_priority(walk->table, walk->state->hook);
	packet->hook = walk->state->hook;
	packet->queued = queued;
	packet->walk = NULL;
	packet->walk_id = 0;
	/* Pairs with the cmpxchg() in itrace_packet_resume() and take(). */
	smp_store_release(tag_of(packet), (unsigned long)skb);
}

/* The walk is over and so is the packet. */
void itrace_packet_drop(struct itrace_packet *packet)
{
	packet->walk = NULL;
	packet->walk_id = 0;
	/* Pairs with the cmpxchg() in take(). */
	smp_store_release(tag_of(packet), 0UL);
}
