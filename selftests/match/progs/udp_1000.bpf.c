// SPDX-License-Identifier: GPL-2.0-only
/* Matches UDP to port 1000, in IPv4 without options and in IPv6 without extension headers. */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int udp_1000(struct __sk_buff *skb)
{
	__u8 version, protocol;
	__u16 port;
	__u32 header, next;

	/* Offset 0 is the network header, as for bytecode. */
	if (bpf_skb_load_bytes(skb, 0, &version, sizeof(version)))
		return 0;
	header = version >> 4 == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	next = version >> 4 == 4 ? offsetof(struct iphdr, protocol) : offsetof(struct ipv6hdr, nexthdr);

	if (bpf_skb_load_bytes(skb, next, &protocol, sizeof(protocol)) || protocol != IPPROTO_UDP)
		return 0;
	if (bpf_skb_load_bytes(skb, header + offsetof(struct udphdr, dest), &port, sizeof(port)))
		return 0;
	return port == bpf_htons(1000);
}

char _license[] SEC("license") = "GPL";
