// SPDX-License-Identifier: GPL-2.0-only
/*
 * address_set: matches packets from (source_in_set) or to (destination_in_set) addresses of a set of networks, kept in
 * maps that can be changed while rules use the programs, and counts the packets of each network. One rule stands for as
 * many `-s` or `-d` rules as the maps have entries. IPv4 networks are in the map `networks4`, those of IPv6 in
 * `networks6`. Of several networks that an address is in, the smallest counts it.
 *
 * Any packet has addresses: fragments, options and extension headers make no difference. A network is matched or not;
 * there is no way to take a part of one out again but a rule before this one.
 *
 * Try it: both programs with the same maps.
 *
 *	iptables-bpf load address_set.bpf.o --program source_in_set /sys/fs/bpf/source_in_set
 *	iptables-bpf load address_set.bpf.o --program destination_in_set --share-maps /sys/fs/bpf/destination_in_set
 *	iptables-bpf map /sys/fs/bpf/networks4 set 192.0.2.0/24 0
 *	iptables-bpf map /sys/fs/bpf/networks6 set 2001:db8::/32 0
 *	iptables -A INPUT -m bpf --object-pinned /sys/fs/bpf/source_in_set -j DROP
 *	ip6tables -A OUTPUT -m bpf --object-pinned /sys/fs/bpf/destination_in_set -j REJECT
 *	iptables-bpf map /sys/fs/bpf/networks4 list
 */
#include "skb.bpf.h"

#define NETWORKS 1000000

struct prefix4 {
	__u32 prefixlen;
	__be32 address;
};

struct prefix6 {
	__u32 prefixlen;
	struct in6_addr address;
};

/* Networks to packets. Memory is taken as they are added. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, NETWORKS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix4);
	__type(value, __u64);
} networks4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, NETWORKS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix6);
	__type(value, __u64);
} networks6 SEC(".maps");

static __always_inline int counted(__u64 *packets)
{
	if (!packets)
		return 0;
	__sync_fetch_and_add(packets, 1);
	return 1;
}

/* at4, at6: where the address is in the header. */
static __always_inline int in_set(struct __sk_buff *skb, __u32 at4, __u32 at6)
{
	struct prefix4 key4;
	struct prefix6 key6;

	switch (ip_version(skb)) {
	case 4:
		key4.prefixlen = 8 * sizeof(key4.address);
		return !bpf_skb_load_bytes(skb, at4, &key4.address, sizeof(key4.address)) &&
		       counted(bpf_map_lookup_elem(&networks4, &key4));
	case 6:
		key6.prefixlen = 8 * sizeof(key6.address);
		return !bpf_skb_load_bytes(skb, at6, &key6.address, sizeof(key6.address)) &&
		       counted(bpf_map_lookup_elem(&networks6, &key6));
	default:
		return 0;
	}
}

SEC("socket")
int source_in_set(struct __sk_buff *skb)
{
	return in_set(skb, offsetof(struct iphdr, saddr), offsetof(struct ipv6hdr, saddr));
}

SEC("socket")
int destination_in_set(struct __sk_buff *skb)
{
	return in_set(skb, offsetof(struct iphdr, daddr), offsetof(struct ipv6hdr, daddr));
}

char _license[] SEC("license") = "GPL";
