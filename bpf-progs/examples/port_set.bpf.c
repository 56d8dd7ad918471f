// SPDX-License-Identifier: GPL-2.0-only
/*
 * port_set: matches packets to one of a set of ports, kept in a map that can be changed while rules use the program, and
 * counts the packets of each. One rule with this program stands for as many `-p tcp --dport` and `-p udp --dport` rules
 * as the map has entries, at the price of one lookup. TCP, UDP and ICMP (whose type serves as its port), IPv4 and IPv6;
 * later fragments have no ports and do not match; IPv6 extension headers are stepped over, eight at most.
 *
 * Try it: udp port 53 is protocol 17, port 0x0035.
 *
 *	bpftool prog load port_set.bpf.o /sys/fs/bpf/port_set type socket pinmaps /sys/fs/bpf
 *	bpftool map update pinned /sys/fs/bpf/ports key hex 11 00 00 35 value hex 00 00 00 00 00 00 00 00
 *	iptables -A FORWARD -m bpf --object-pinned /sys/fs/bpf/port_set -j DROP
 *	bpftool map dump pinned /sys/fs/bpf/ports
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FRAGMENT_OFFSET	0x1fff
#define EXTENSION_HEADERS 8

/* Bytes in the order in which they are written in a command: protocol, zero, port in network order. */
struct port {
	__u8 protocol;
	__u8 zero;
	__be16 number;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct port);
	__type(value, __u64);
} ports SEC(".maps");

/* An extension header's first two bytes, and what a fragment header has in their place. */
struct extension {
	__u8 next;
	__u8 length;
	__be16 fragment;
};

/* The offset of the transport header, its protocol in *protocol; or negative if there is none here. */
static __always_inline int transport_ipv6(struct __sk_buff *skb, __u8 *protocol)
{
	int offset = sizeof(struct ipv6hdr);
	struct extension header;
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return -1;
	*protocol = ip.nexthdr;

#pragma unroll
	for (int i = 0; i < EXTENSION_HEADERS; i++) {
		if (*protocol != IPPROTO_HOPOPTS && *protocol != IPPROTO_ROUTING &&
		    *protocol != IPPROTO_DSTOPTS && *protocol != IPPROTO_FRAGMENT)
			return offset;
		if (bpf_skb_load_bytes(skb, offset, &header, sizeof(header)))
			return -1;
		if (*protocol == IPPROTO_FRAGMENT) {
			if (header.fragment & bpf_htons(0xfff8))
				return -1;
			offset += 8;
		} else {
			offset += (header.length + 1) * 8;
		}
		*protocol = header.next;
	}
	return -1;
}

static __always_inline int transport_ipv4(struct __sk_buff *skb, __u8 *protocol)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)) ||
	    ip.frag_off & bpf_htons(FRAGMENT_OFFSET))
		return -1;
	*protocol = ip.protocol;
	return ip.ihl * 4;
}

SEC("socket")
int port_set(struct __sk_buff *skb)
{
	struct port key = {};
	__u8 version, type;
	__u64 *packets;
	int offset;

	if (bpf_skb_load_bytes(skb, 0, &version, sizeof(version)))
		return 0;
	offset = version >> 4 == 6 ? transport_ipv6(skb, &key.protocol) :
				     transport_ipv4(skb, &key.protocol);
	if (offset < 0)
		return 0;

	switch (key.protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		if (bpf_skb_load_bytes(skb, offset + 2, &key.number, sizeof(key.number)))
			return 0;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (bpf_skb_load_bytes(skb, offset, &type, sizeof(type)))
			return 0;
		key.number = bpf_htons(type);
		break;
	default:
		return 0;
	}

	packets = bpf_map_lookup_elem(&ports, &key);
	if (!packets)
		return 0;
	__sync_fetch_and_add(packets, 1);
	return 1;
}

char _license[] SEC("license") = "GPL";
