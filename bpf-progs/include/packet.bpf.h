/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layer 1: from the packet's first bytes, which the module has copied out of wherever they lie, to the fields of an
 * event. Reads stay inside the bytes that are the packet's; what lies behind them is marked as cut off.
 */
#ifndef PACKET_BPF_H
#define PACKET_BPF_H

#include "iptables_trace_ctx.h"
#include "iptables_trace_event.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
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
	const struct iptables_trace_ctx *ctx;
	__u32 offset; /* of what comes next in the packet */
	__u32 end; /* of the bytes that were copied */
};

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
		__builtin_memcpy(to, at->ctx->header + IPV4_LEN, size);
	else if (at->offset == IPV6_LEN)
		__builtin_memcpy(to, at->ctx->header + IPV6_LEN, size);
	else if (bpf_probe_read_kernel(to, size, at->ctx->header + at->offset))
		return cut(packet);
	return 0;
}

static __always_inline void parse_ports(struct ipt_event_packet *packet, const struct cursor *at)
{
	__be16 ports[2];

	if (peek(packet, at, ports, sizeof(ports)))
		return;
	packet->source_port = bpf_ntohs(ports[0]);
	packet->destination_port = bpf_ntohs(ports[1]);
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
	packet->source_port = bpf_ntohs(words[0]);
	packet->destination_port = bpf_ntohs(words[1]);
	packet->tcp_flags = bpf_ntohs(words[6]) & 0x1ff;
	packet->fields |= IPT_EVENT_PORTS | IPT_EVENT_TCP;
}

static __always_inline void parse_icmp(struct ipt_event_packet *packet, const struct cursor *at,
				       __u8 request, __u8 answer)
{
	__be16 words[4];
	__u8 *bytes = (__u8 *)words;

	if (peek(packet, at, words, sizeof(words)))
		return;
	packet->icmp_type = bytes[0];
	packet->icmp_code = bytes[1];
	packet->fields |= IPT_EVENT_ICMP;
	if (bytes[0] == request || bytes[0] == answer) {
		packet->echo_id = bpf_ntohs(words[2]);
		packet->echo_seq = bpf_ntohs(words[3]);
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

static __always_inline void parse_ipv4(struct ipt_event_packet *packet,
				       const struct iptables_trace_ctx *c, struct cursor *at)
{
	const struct iphdr *ip = (const void *)c->header;
	__u16 fragment = bpf_ntohs(ip->frag_off);

	if (c->header_len < sizeof(*ip)) {
		cut(packet);
		return;
	}
	__builtin_memcpy(packet->source, &ip->saddr, sizeof(ip->saddr));
	__builtin_memcpy(packet->destination, &ip->daddr, sizeof(ip->daddr));
	packet->protocol = ip->protocol;
	packet->ttl = ip->ttl;
	packet->tos = ip->tos;
	packet->id = bpf_ntohs(ip->id);
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
	__u8 *bytes = (__u8 *)words;
	__u16 fragment;

	if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_FRAGMENT &&
	    next != IPPROTO_AH && next != IPPROTO_DSTOPTS && next != IPPROTO_MH)
		return 0;
	if (peek(packet, at, words, sizeof(words)))
		return 0;
	packet->fields |= IPT_EVENT_EXTENDED;
	packet->protocol = bytes[0];
	if (next == IPPROTO_FRAGMENT) {
		fragment = bpf_ntohs(words[1]);
		packet->id = (__u32)bpf_ntohs(words[2]) << 16 | bpf_ntohs(words[3]);
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

static __always_inline void parse_ipv6(struct ipt_event_packet *packet,
				       const struct iptables_trace_ctx *c, struct cursor *at)
{
	const struct ipv6hdr *ip = (const void *)c->header;

	if (c->header_len < sizeof(*ip)) {
		cut(packet);
		return;
	}
	__builtin_memcpy(packet->source, &ip->saddr, sizeof(ip->saddr));
	__builtin_memcpy(packet->destination, &ip->daddr, sizeof(ip->daddr));
	packet->protocol = ip->nexthdr;
	packet->ttl = ip->hop_limit;
	packet->tos = (c->header[0] << 4) | (c->header[1] >> 4);
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

static __always_inline void parse_arp(struct ipt_event_packet *packet,
				      const struct iptables_trace_ctx *c)
{
	const struct arp *arp = (const void *)c->header;

	if (c->header_len < ARP_FIXED_LEN) {
		cut(packet);
		return;
	}
	packet->id = bpf_ntohs(arp->operation);
	packet->source_port = bpf_ntohs(arp->hardware);
	packet->destination_port = bpf_ntohs(arp->protocol);
	packet->icmp_type = arp->hardware_length;
	packet->icmp_code = arp->protocol_length;
	if (arp->hardware != bpf_htons(ARP_ETHERNET) || arp->protocol != bpf_htons(ARP_IPV4) ||
	    arp->hardware_length != sizeof(arp->sender_hardware) ||
	    arp->protocol_length != sizeof(arp->sender))
		return;
	if (c->header_len < sizeof(*arp)) {
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

struct connection {
	__u8 state;
	__u8 reply;
};

/* By IPTABLES_TRACE_CT_...; what is not here is IPT_EVENT_CT_NONE. volatile: beside the other constants, in one map. */
static const volatile struct connection connections[IPTABLES_TRACE_CT_UNTRACKED + 1] = {
	[IPTABLES_TRACE_CT_NEW] = { IPT_EVENT_CT_NEW, 0 },
	[IPTABLES_TRACE_CT_ESTABLISHED] = { IPT_EVENT_CT_ESTABLISHED, 0 },
	[IPTABLES_TRACE_CT_ESTABLISHED_REPLY] = { IPT_EVENT_CT_ESTABLISHED, 1 },
	[IPTABLES_TRACE_CT_RELATED] = { IPT_EVENT_CT_RELATED, 0 },
	[IPTABLES_TRACE_CT_RELATED_REPLY] = { IPT_EVENT_CT_RELATED, 1 },
	[IPTABLES_TRACE_CT_UNTRACKED] = { IPT_EVENT_CT_UNTRACKED, 0 },
};

static __always_inline void connection_of(struct ipt_event_packet *packet, __u8 state)
{
	if (state > IPTABLES_TRACE_CT_UNTRACKED)
		return;
	packet->connection = connections[state].state;
	packet->reply = connections[state].reply;
}

/* packet: zeroed. */
static __always_inline void fill_packet(struct ipt_event_packet *packet,
					const struct iptables_trace_ctx *c)
{
	struct cursor at = { .ctx = c, .end = c->header_len };

	packet->length = c->length;
	packet->mark = c->mark;
	packet->ct_status = c->ct_status;
	packet->ct_mark = c->ct_mark;
	connection_of(packet, c->ct_state);
	if (c->family == 2)
		parse_ipv4(packet, c, &at);
	else if (c->family == 10)
		parse_ipv6(packet, c, &at);
	else
		parse_arp(packet, c);
}

#endif
