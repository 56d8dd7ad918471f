/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether anything is known of a packet. Every packet of everybody asks this at each table while a session runs, so it is one
 * cache line, and written into the probes' handlers.
 */
#ifndef _IPTABLES_TRACE_SEEN_H
#define _IPTABLES_TRACE_SEEN_H

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/skbuff.h>

#include "trace.h"

#define ITRACE_PLACES_PER_BUCKET	8
#define ITRACE_BUCKETS			(ITRACE_MAX_PACKETS / ITRACE_PLACES_PER_BUCKET)

/* Which packets the places of a bucket are of, see trace_packet.c. */
struct itrace_bucket {
	unsigned long address[ITRACE_PLACES_PER_BUCKET];
} ____cacheline_aligned_in_smp;

extern struct itrace_bucket *itrace_buckets;

static __always_inline struct itrace_bucket *itrace_bucket_of(const struct sk_buff *skb)
{
	/* The lowest bits are the same in all. */
	return &itrace_buckets[hash_64((unsigned long)skb >> 6, ilog2(ITRACE_BUCKETS))];
}

static __always_inline bool itrace_packet_seen(const struct sk_buff *skb)
{
	const struct itrace_bucket *bucket = itrace_bucket_of(skb);
	unsigned int i;

#pragma GCC unroll 8
	for (i = 0; i < ITRACE_PLACES_PER_BUCKET; i++)
		if (unlikely(READ_ONCE(bucket->address[i]) == (unsigned long)skb))
			return true;
	return false;
}

#endif
