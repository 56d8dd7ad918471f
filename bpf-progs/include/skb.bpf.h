/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layer 0: what the examples share: from a packet as the match shows it to a program, which is from its IP header on, to
 * where its transport header and its payload are. Nothing is read behind the packet's end.
 *
 * Later fragments have neither. A first fragment has both, and its payload ends where the fragment ends.
 */
#ifndef SKB_BPF_H
#define SKB_BPF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IPV4_FRAGMENT_OFFSET	0x1fff
#define IPV6_FRAGMENT_OFFSET	0xfff8
#define IPV6_EXTENSION_HEADERS	8

struct headers {
	__u32 transport; /* offset of its header */
	__u32 end; /* of the packet, as its IP header has it: behind that a link may have padded it */
	__u8 version; /* 4, 6 */
	__u8 protocol; /* behind IPv6 extension headers */
};

struct payload {
	__u32 offset;
	__u32 end;
};

/* An extension header's first two bytes, and what a fragment header has in their place. */
struct extension {
	__u8 next;
	__u8 length;
	__be16 fragment;
};

/* The version of IP; 0: there is no packet. */
static __always_inline __u8 ip_version(struct __sk_buff *skb)
{
	__u8 first = 0;

	bpf_skb_load_bytes(skb, 0, &first, sizeof(first));
	return first >> 4;
}

/* Large packets that are yet to be segmented say 0. */
static __always_inline __u32 end_of_packet(struct __sk_buff *skb, __u32 header, __u32 following)
{
	return following && header + following < skb->len ? header + following : skb->len;
}

static __always_inline int find_transport_ipv4(struct __sk_buff *skb, struct headers *headers)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) || ip.ihl < 5 ||
	    ip.frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
		return -1;
	headers->protocol = ip.protocol;
	headers->transport = ip.ihl * 4;
	headers->end = end_of_packet(skb, 0, bpf_ntohs(ip.tot_len));
	return 0;
}

/* Moves past one extension header. 0: something else than one came; negative: it cannot be passed. */
static __always_inline int skip_extension(struct __sk_buff *skb, struct headers *headers)
{
	__u8 type = headers->protocol;
	struct extension header;

	if (type != IPPROTO_HOPOPTS && type != IPPROTO_ROUTING && type != IPPROTO_FRAGMENT &&
	    type != IPPROTO_DSTOPTS && type != IPPROTO_AH)
		return 0;
	if (bpf_skb_load_bytes(skb, headers->transport, &header, sizeof(header)))
		return -1;
	if (type == IPPROTO_FRAGMENT) {
		if (header.fragment & bpf_htons(IPV6_FRAGMENT_OFFSET))
			return -1;
		headers->transport += 8;
	} else if (type == IPPROTO_AH) {
		headers->transport += (header.length + 2) * 4;
	} else {
		headers->transport += (header.length + 1) * 8;
	}
	headers->protocol = header.next;
	return 1;
}

static __always_inline int find_transport_ipv6(struct __sk_buff *skb, struct headers *headers)
{
	struct ipv6hdr ip;
	int more;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return -1;
	headers->protocol = ip.nexthdr;
	headers->transport = sizeof(ip);
	headers->end = end_of_packet(skb, sizeof(ip), bpf_ntohs(ip.payload_len));

	/* Unrolled: the verifier of 5.10 follows it faster. */
#pragma unroll
	for (int i = 0; i < IPV6_EXTENSION_HEADERS; i++) {
		more = skip_extension(skb, headers);
		if (more <= 0)
			return more;
	}
	/* The one behind the last that is stepped over. */
	return skip_extension(skb, headers) ? -1 : 0;
}

/* Negative: there is none here. */
static __always_inline int find_transport(struct __sk_buff *skb, struct headers *headers)
{
	*headers = (struct headers){ .version = ip_version(skb) };
	if (headers->version == 4)
		return find_transport_ipv4(skb, headers);
	if (headers->version == 6)
		return find_transport_ipv6(skb, headers);
	return -1;
}

/* Like bpf_skb_load_bytes(), and within the packet's own end. */
static __always_inline int load_before(struct __sk_buff *skb, __u32 end, __u32 offset, void *to,
				       __u32 size)
{
	return offset + size <= end ? bpf_skb_load_bytes(skb, offset, to, size) : -1;
}

/* One byte to most, in the form in which the verifier of 5.10 sees that there are so many. */
static __always_inline int load_some(struct __sk_buff *skb, __u32 offset, void *to, __u64 size,
				     __u64 most)
{
	size -= 1;
	barrier_var(size);
	return size < most ? bpf_skb_load_bytes(skb, offset, to, size + 1) : -1;
}

/* Negative: the transport header is not all here, or says what cannot be. */
static __always_inline int udp_payload(struct __sk_buff *skb, const struct headers *headers,
				       struct payload *payload)
{
	struct udphdr udp;
	__u32 length;

	if (load_before(skb, headers->end, headers->transport, &udp, sizeof(udp)))
		return -1;
	length = bpf_ntohs(udp.len);
	if (length < sizeof(udp))
		return -1;
	payload->offset = headers->transport + sizeof(udp);
	payload->end = headers->end;
	if (headers->transport + length < payload->end)
		payload->end = headers->transport + length;
	return 0;
}

static __always_inline int tcp_payload(struct __sk_buff *skb, const struct headers *headers,
				       struct payload *payload)
{
	struct tcphdr tcp;

	if (load_before(skb, headers->end, headers->transport, &tcp, sizeof(tcp)) || tcp.doff < 5)
		return -1;
	payload->offset = headers->transport + tcp.doff * 4;
	payload->end = headers->end;
	return payload->offset <= payload->end ? 0 : -1;
}

#endif
