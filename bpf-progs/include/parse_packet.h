/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layer 1: from the packet's first bytes, which the module has copied out of wherever they lie, to the fields of an
 * event. Reads stay inside the bytes that are the packet's; what lies behind them is marked as cut off.
 *
 * Compiles as BPF C, C and C++: of single events it is the programs who know what the packet says, of whole walks the reader.
 * Who includes it defines READ_AT(to, size, from) before: copies bytes of the header from where no constant says; 0, or an error.
 */
#ifndef PARSE_PACKET_H
#define PARSE_PACKET_H

#include "iptables_trace_event.h"
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

/* Where the transport header nearly always is. */
#define IPV4_LEN 20
#define IPV6_LEN 40

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV6_MORE_FRAGMENTS 0x0001
#define IPV6_FRAGMENT_OFFSET 0xfff8

struct cursor {
	const __u8 *header;
	__u32 offset; /* of what comes next in the packet */
	__u32 end; /* of the bytes that were copied */
};

static __always_inline __u16 from_network(__be16 word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return word;
#else
	return __builtin_bswap16(word);
#endif
}

static __always_inline int cut(struct ipt_event_packet *packet)
{
	packet->fields |= IPT_EVENT_CUT;
	return -1;
}

/* The next bytes of the packet, without going past them. Only at offsets that are constants the context can be read itself. */
static __always_inline int peek(struct ipt_event_packet *packet, const struct cursor *at, void *to,
				__u32 size)
{
	if (at->offset + size > at->end)
		return cut(packet);
	if (at->offset == IPV4_LEN)
		__builtin_memcpy(to, at->header + IPV4_LEN, size);
	else if (at->offset == IPV6_LEN)
		__builtin_memcpy(to, at->header + IPV6_LEN, size);
	else if (READ_AT(to, size, at->header + at->offset))
		return cut(packet);
	return 0;
}

static __always_inline void parse_ports(struct ipt_event_packet *packet, const struct cursor *at)
{
	__be16 ports[2];

	if (peek(packet, at, ports, sizeof(ports)))
		return;
	packet->source_port = from_network(ports[0]);
	packet->destination_port = from_network(ports[1]);
	packet->fields |= IPT_EVENT_PORTS;
}

static __always_inline void parse_tcp(struct ipt_event_packet *packet, const struct cursor *at)
{
	/* Ports, sequence numbers, then four bits of length and twelve of flags; the upper three are reserved. */
	__be16 words[7];

	if (peek(packet, at, words, sizeof(words))) {
		packet->fields &= ~IPT_EVENT_CUT;
		parse_ports(packet, at);
		packet->fields |= IPT_EVENT_CUT;
		return;
	}
	packet->source_port = from_network(words[0]);
	packet->destination_port = from_network(words[1]);
	packet->tcp_flags = from_network(words[6]) & 0x1ff;
	packet->fields |= IPT_EVENT_PORTS | IPT_EVENT_TCP;
}

static __always_inline void parse_icmp(struct ipt_event_packet *packet, const struct cursor *at,
				       __u8 request, __u8 answer)
{
	__be16 words[4];
	const __u8 *bytes = (const __u8 *)words;

	if (peek(packet, at, words, sizeof(words)))
		return;
	packet->icmp_type = bytes[0];
	packet->icmp_code = bytes[1];
	packet->fields |= IPT_EVENT_ICMP;
	if (bytes[0] == request || bytes[0] == answer) {
		packet->echo_id = from_network(words[2]);
		packet->echo_seq = from_network(words[3]);
		packet->fields |= IPT_EVENT_ECHO;
	}
}

static __always_inline void parse_transport(struct ipt_event_packet *packet,
					    const struct cursor *at)
{
	/* Later fragments begin in the middle of it. */
	if (packet->fragment_offset)
		return;
	switch (packet->protocol) {
	case IPPROTO_TCP:
		parse_tcp(packet, at);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		parse_ports(packet, at);
		break;
	case IPPROTO_ICMP:
		parse_icmp(packet, at, 8, 0);
		break;
	case IPPROTO_ICMPV6:
		parse_icmp(packet, at, 128, 129);
		break;
	}
}

static __always_inline void parse_ipv4(struct ipt_event_packet *packet, struct cursor *at)
{
	const struct iphdr *ip = (const struct iphdr *)at->header;
	__u16 fragment = from_network(ip->frag_off);

	if (at->end < sizeof(*ip)) {
		cut(packet);
		return;
	}
	__builtin_memcpy(packet->source, &ip->saddr, sizeof(ip->saddr));
	__builtin_memcpy(packet->destination, &ip->daddr, sizeof(ip->daddr));
	packet->protocol = ip->protocol;
	packet->ttl = ip->ttl;
	packet->tos = ip->tos;
	packet->id = from_network(ip->id);
	packet->fields = IPT_EVENT_ID;
	if (fragment & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) {
		packet->fields |= IPT_EVENT_FRAGMENT;
		if (fragment & IPV4_MORE_FRAGMENTS)
			packet->fields |= IPT_EVENT_MORE;
		packet->fragment_offset = (fragment & IPV4_FRAGMENT_OFFSET) * 8;
	}
	if (ip->ihl > 5)
		packet->fields |= IPT_EVENT_EXTENDED;
	at->offset = ip->ihl * 4;
	parse_transport(packet, at);
}

/* Moves past one extension header. 0: something else than one came. */
static __always_inline int skip_extension(struct ipt_event_packet *packet, struct cursor *at)
{
	__u8 next = packet->protocol;
	__be16 words[4];
	const __u8 *bytes = (const __u8 *)words;
	__u16 fragment;

	if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_FRAGMENT &&
	    next != IPPROTO_AH && next != IPPROTO_DSTOPTS)
		return 0;
	if (peek(packet, at, words, sizeof(words)))
		return 0;
	packet->fields |= IPT_EVENT_EXTENDED | (next == IPPROTO_AH ? IPT_EVENT_AH : 0);
	packet->protocol = bytes[0];
	if (next == IPPROTO_FRAGMENT) {
		fragment = from_network(words[1]);
		packet->id = (__u32)from_network(words[2]) << 16 | from_network(words[3]);
		packet->fragment_offset = fragment & IPV6_FRAGMENT_OFFSET;
		packet->fields |= IPT_EVENT_ID | IPT_EVENT_FRAGMENT;
		if (fragment & IPV6_MORE_FRAGMENTS)
			packet->fields |= IPT_EVENT_MORE;
		at->offset += 8;
		/* What follows in a later fragment is payload, whatever it looks like. */
		return !packet->fragment_offset;
	}
	at->offset += next == IPPROTO_AH ? (bytes[1] + 2) * 4 : (bytes[1] + 1) * 8;
	return 1;
}

/*
 * Nobody sends more than eight, and the bytes that are copied have room for eleven. No loop: the verifier of 5.10 takes
 * only some of the forms that compilers give it.
 */
static __always_inline void skip_extensions(struct ipt_event_packet *packet, struct cursor *at)
{
	(void)(skip_extension(packet, at) && skip_extension(packet, at) &&
	       skip_extension(packet, at) && skip_extension(packet, at) &&
	       skip_extension(packet, at) && skip_extension(packet, at) &&
	       skip_extension(packet, at) && skip_extension(packet, at));
}

static __always_inline void parse_ipv6(struct ipt_event_packet *packet, struct cursor *at)
{
	const struct ipv6hdr *ip = (const struct ipv6hdr *)at->header;

	if (at->end < sizeof(*ip)) {
		cut(packet);
		return;
	}
	__builtin_memcpy(packet->source, &ip->saddr, sizeof(ip->saddr));
	__builtin_memcpy(packet->destination, &ip->daddr, sizeof(ip->daddr));
	packet->protocol = ip->nexthdr;
	packet->ttl = ip->hop_limit;
	packet->tos = (at->header[0] << 4) | (at->header[1] >> 4);
	at->offset = sizeof(*ip);
	skip_extensions(packet, at);
	if (!(packet->fields & IPT_EVENT_CUT))
		parse_transport(packet, at);
}

/* As it is on Ethernet for IPv4; what is behind the fixed part is there if that says so. */
struct arp {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_hardware[6];
	__u8 sender[4];
	__u8 target_hardware[6];
	__u8 target[4];
};

#define ARP_FIXED_LEN 8
#define ARP_ETHERNET 1
#define ARP_IPV4 0x0800

static __always_inline void parse_arp(struct ipt_event_packet *packet, const struct cursor *at)
{
	const struct arp *arp = (const struct arp *)at->header;

	if (at->end < ARP_FIXED_LEN) {
		cut(packet);
		return;
	}
	packet->id = from_network(arp->operation);
	packet->source_port = from_network(arp->hardware);
	packet->destination_port = from_network(arp->protocol);
	packet->icmp_type = arp->hardware_length;
	packet->icmp_code = arp->protocol_length;
	if (packet->source_port != ARP_ETHERNET || packet->destination_port != ARP_IPV4 ||
	    arp->hardware_length != sizeof(arp->sender_hardware) ||
	    arp->protocol_length != sizeof(arp->sender))
		return;
	if (at->end < sizeof(*arp)) {
		cut(packet);
		return;
	}
	__builtin_memcpy(packet->source, arp->sender, sizeof(arp->sender));
	__builtin_memcpy(packet->source + IPT_EVENT_ARP_ETHERNET, arp->sender_hardware,
			 sizeof(arp->sender_hardware));
	__builtin_memcpy(packet->destination, arp->target, sizeof(arp->target));
	__builtin_memcpy(packet->destination + IPT_EVENT_ARP_ETHERNET, arp->target_hardware,
			 sizeof(arp->target_hardware));
	packet->fields |= IPT_EVENT_ARP;
}

/* What a connection is to its packet, as the kernel numbers it: its enum ip_conntrack_info, 7 one that is exempt; 255 none. */
static __always_inline void parse_connection(struct ipt_event_packet *packet, __u8 state)
{
	switch (state) {
	case 0:
	case 3:
		packet->connection = IPT_EVENT_CT_ESTABLISHED;
		break;
	case 1:
	case 4:
		packet->connection = IPT_EVENT_CT_RELATED;
		break;
	case 2:
		packet->connection = IPT_EVENT_CT_NEW;
		break;
	case 7:
		packet->connection = IPT_EVENT_CT_UNTRACKED;
		break;
	}
	packet->reply = state == 3 || state == 4;
}

/* packet: zeroed; header: so many bytes of it are the packet's, of IPT_EVENT_HEADER_LEN that can be read. */
static __always_inline void parse_header(struct ipt_event_packet *packet, __u8 family,
					 const __u8 *header, __u32 len)
{
	struct cursor at = { header, 0, len };

	if (family == 2)
		parse_ipv4(packet, &at);
	else if (family == 10)
		parse_ipv6(packet, &at);
	else
		parse_arp(packet, &at);
}

#endif
