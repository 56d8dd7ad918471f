// SPDX-License-Identifier: GPL-2.0-only
/*
 * port_set: matches packets to one of a set of ports, kept in a map that can be changed while rules use the program, and
 * counts the packets of each. One rule with this program stands for as many `-p tcp --dport` and `-p udp --dport` rules
 * as the map has entries, at the price of one lookup. TCP, UDP and ICMP (whose type serves as its port), IPv4 and IPv6;
 * later fragments have no ports and do not match; IPv6 extension headers are stepped over, eight at most.
 *
 * Try it: UDP is protocol 17.
 *
 *	iptables-bpf load port_set.bpf.o /sys/fs/bpf/port_set
 *	iptables-bpf map /sys/fs/bpf/port_set set protocol=17,number=53 0
 *	iptables -A FORWARD -m bpf --object-pinned /sys/fs/bpf/port_set -j DROP
 *	iptables-bpf map /sys/fs/bpf/port_set list
 */
#include "skb.bpf.h"

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

SEC("socket")
int port_set(struct __sk_buff *skb)
{
	struct port key = {};
	struct headers headers;
	__u64 *packets;
	__u8 type;

	if (find_transport(skb, &headers))
		return 0;
	key.protocol = headers.protocol;

	switch (key.protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		if (load_before(skb, headers.end, headers.transport + 2, &key.number,
				sizeof(key.number)))
			return 0;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (load_before(skb, headers.end, headers.transport, &type, sizeof(type)))
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
