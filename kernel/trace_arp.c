// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is different where the packet is one of ARP: where its header is and what of it tells it from others. It has neither a
 * connection nor an owner.
 *
 * A header is a fixed part, and behind it the addresses of sender and target, as long as the fixed part says. The latter may
 * say anything: no more is read than is linear.
 */
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/jhash.h>
#include <linux/minmax.h>
#include <linux/netfilter.h>

#include "trace_arp.h"

/*
 * Whether the fixed part is there. On its way in the packet begins with it; on its way out the kernel has put the head of the
 * link in front already.
 */
bool itrace_arp_is_readable(const struct sk_buff *skb)
{
	int offset = skb_network_offset(skb);

	return offset >= 0 && skb_headlen(skb) >= offset + sizeof(struct arphdr);
}

static const struct arphdr *header_of(const struct sk_buff *skb)
{
	return (const struct arphdr *)skb_network_header(skb);
}

/* Its bytes that can be read: of what is readable, the fixed part at least. */
static unsigned int size_of(const struct sk_buff *skb)
{
	const struct arphdr *arp = header_of(skb);
	unsigned int all = sizeof(*arp) + 2 * (arp->ar_hln + arp->ar_pln);

	return min_t(unsigned int, all, skb_headlen(skb) - skb_network_offset(skb));
}

/* All that there is of it: nothing is to change it on its way. What a link has padded it with is none of it. */
u64 itrace_arp_content(const struct sk_buff *skb)
{
	const void *begin = header_of(skb);
	unsigned int size = size_of(skb);

	return (u64)jhash(begin, size, 0) << 32 | jhash(begin, size, ETH_P_ARP);
}

/* The same number for what two protocol addresses ask and tell each other; and one for all whose addresses are not there. */
u32 itrace_arp_flow(const struct sk_buff *skb, u32 seed)
{
	const struct arphdr *arp = header_of(skb);
	unsigned int sender = sizeof(*arp) + arp->ar_hln;
	unsigned int target = sender + arp->ar_pln + arp->ar_hln;
	const void *begin = arp;
	u32 end[2] = {};

	if (target + arp->ar_pln <= size_of(skb)) {
		end[0] = jhash(begin + sender, arp->ar_pln, seed);
		end[1] = jhash(begin + target, arp->ar_pln, seed);
	}
	return jhash_3words(min(end[0], end[1]), max(end[0], end[1]),
			    (__force u16)arp->ar_pro | NFPROTO_ARP << 16, seed);
}
