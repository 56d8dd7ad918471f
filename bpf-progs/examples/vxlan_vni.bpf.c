// SPDX-License-Identifier: GPL-2.0-only
/*
 * vxlan_vni: matches VXLAN packets of one of a set of virtual networks (VNIs), kept in a map that can be changed while
 * rules use the program, and counts the packets of each. It stands for one rule with `-m u32` for each VNI, such as
 * those by which Docker finds the packets of its encrypted overlay networks.
 *
 * IPv4 and IPv6, with options and extension headers. The rule says which port is VXLAN's. Headers whose flag "the VNI
 * is valid" is not set do not match, and neither do later fragments, which have no VXLAN header.
 *
 * Try it:
 *
 *	iptables-bpf load vxlan_vni.bpf.o /sys/fs/bpf/vxlan_vni
 *	iptables-bpf map /sys/fs/bpf/vxlan_vni set 4097 0
 *	iptables -A OUTPUT -p udp --dport 4789 -m bpf --object-pinned /sys/fs/bpf/vxlan_vni -j MARK --set-mark 0xd0c4e7
 *	iptables-bpf map /sys/fs/bpf/vxlan_vni list
 */
#include "skb.bpf.h"

#define VNI_IS_VALID	0x08

struct vxlan {
	__u8 flags;
	__u8 reserved[3];
	__be32 vni; /* in its upper 24 bits */
};

/* VNI to packets. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u64);
} vnis SEC(".maps");

SEC("socket")
int vxlan_vni(struct __sk_buff *skb)
{
	struct headers headers;
	struct payload payload;
	struct vxlan vxlan;
	__u64 *packets;
	__u32 vni;

	if (find_transport(skb, &headers) || headers.protocol != IPPROTO_UDP ||
	    udp_payload(skb, &headers, &payload) ||
	    load_before(skb, payload.end, payload.offset, &vxlan, sizeof(vxlan)) ||
	    !(vxlan.flags & VNI_IS_VALID))
		return 0;
	vni = bpf_ntohl(vxlan.vni) >> 8;
	packets = bpf_map_lookup_elem(&vnis, &vni);
	if (!packets)
		return 0;
	__sync_fetch_and_add(packets, 1);
	return 1;
}

char _license[] SEC("license") = "GPL";
