// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_rate: matches packets from sources that send more than a rate, each source by itself: a burst passes, then one
 * packet for each share of the time. It stands for `-m hashlimit --hashlimit-mode srcip --hashlimit-above`, and its rate
 * can be changed while rules use the program. A packet that matches is not counted against its source.
 *
 * A source is an address of IPv4, or a network of IPv6: a host has a /64 of its own. Any packet has a source: fragments,
 * options and extension headers make no difference. The map `rate` says how many packets pass in how many seconds, how
 * many of them at once, and how many bits of an address are its source; as long as `packets` is zero, nothing matches. Of
 * the sources that are known, those that have not sent for longest make room for new ones, and begin with a whole burst
 * when they come back. Two CPUs that see packets of one source at the same moment may let one more pass, each.
 *
 * The map `sources` shows how many packets of each matched, and until when it has used up its share, in nanoseconds of
 * CLOCK_MONOTONIC; `untracked` counts packets that passed because the kernel had no room for their source.
 *
 * Try it: ten packets in a second, twenty at once.
 *
 *	iptables-bpf load source_rate.bpf.o /sys/fs/bpf/source_rate
 *	iptables-bpf map /sys/fs/bpf/source_rate --map rate set 0 packets=10,seconds=1,burst=20,bits4=32,bits6=64
 *	iptables -A INPUT -p icmp -m bpf --object-pinned /sys/fs/bpf/source_rate -j DROP
 *	iptables-bpf map /sys/fs/bpf/source_rate --map sources list
 */
#include "skb.bpf.h"

#define SECOND	1000000000ULL	/* in nanoseconds */

struct rate {
	__u32 packets;
	__u32 seconds; /* 0 is 1 */
	__u32 burst; /* 0 is 1 */
	__u8 bits4; /* 0 is all */
	__u8 bits6;
};

struct source {
	__u64 used_until; /* if every packet so far had come at its time, the next could come then */
	__u64 exceeded;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rate);
} rate SEC(".maps");

/* Sources of IPv4 are written as ::ffff:192.0.2.1. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct in6_addr);
	__type(value, struct source);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} untracked SEC(".maps");

/* The upper bits of a word of which so many are upper ones in all; fewer than none are none. */
static __always_inline __be32 upper_bits(int bits)
{
	if (bits >= 32)
		return bpf_htonl(0xffffffff);
	return bits > 0 ? bpf_htonl(0xffffffff << (32 - bits)) : 0;
}

static __always_inline int source_of(struct __sk_buff *skb, const struct rate *wanted,
				     struct in6_addr *source)
{
	int bits4 = wanted->bits4 ? wanted->bits4 : 32, bits6 = wanted->bits6 ? wanted->bits6 : 128;
	__be32 *words = source->in6_u.u6_addr32;

	switch (ip_version(skb)) {
	case 4:
		if (bpf_skb_load_bytes(skb, offsetof(struct iphdr, saddr), &words[3],
				       sizeof(words[3])))
			return -1;
		words[2] = bpf_htonl(0xffff);
		words[3] &= upper_bits(bits4);
		return 0;
	case 6:
		if (bpf_skb_load_bytes(skb, offsetof(struct ipv6hdr, saddr), words,
				       sizeof(*source)))
			return -1;
#pragma unroll
		for (int i = 0; i < 4; i++)
			words[i] &= upper_bits(bits6 - 32 * i);
		return 0;
	default:
		return -1;
	}
}

static __always_inline void count_untracked(void)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&untracked, &zero);

	if (count)
		*count += 1;
}

/*
 * One number for each source, so that no lock is needed, which such programs cannot take: every packet that passes moves
 * used_until one share of the time on, and one passes unless that is a whole burst of shares ahead of now. It can be
 * further ahead only if the rate was another one before, which is forgotten.
 */
static __always_inline int exceeds(struct source *source, __u64 now, __u64 share, __u64 burst)
{
	__u64 used_until = source->used_until, ahead;

	if (used_until <= now) {
		source->used_until = now + share;
		return 0;
	}
	/* Shares that have begun, but for the one that is about to end. */
	ahead = (used_until - now - 1) / share;
	if (ahead < burst - 1) {
		__sync_fetch_and_add(&source->used_until, share);
		return 0;
	}
	if (ahead > burst)
		source->used_until = now + burst * share;
	__sync_fetch_and_add(&source->exceeded, 1);
	return 1;
}

SEC("socket")
int source_rate(struct __sk_buff *skb)
{
	struct source first = {}, *source;
	struct in6_addr key = {};
	struct rate *wanted;
	__u64 now, share;
	__u32 zero = 0;

	wanted = bpf_map_lookup_elem(&rate, &zero);
	if (!wanted || !wanted->packets || source_of(skb, wanted, &key))
		return 0;
	share = (wanted->seconds ? wanted->seconds : 1) * SECOND / wanted->packets;
	now = bpf_ktime_get_ns();
	source = bpf_map_lookup_elem(&sources, &key);
	if (source)
		return exceeds(source, now, share, wanted->burst ? wanted->burst : 1);

	first.used_until = now + share;
	if (!bpf_map_update_elem(&sources, &key, &first, BPF_NOEXIST))
		return 0;
	/* Another CPU was faster, or there is no room. */
	source = bpf_map_lookup_elem(&sources, &key);
	if (source)
		return exceeds(source, now, share, wanted->burst ? wanted->burst : 1);
	count_untracked();
	return 0;
}

char _license[] SEC("license") = "GPL";
