// SPDX-License-Identifier: GPL-2.0-only
/* Maps with keys and values of each type that iptables-bpf map knows. The program only refers to them. */
#include <linux/bpf.h>
#include <linux/in6.h>
#include <bpf/bpf_helpers.h>

struct prefix4 {
	__u32 prefixlen;
	__u8 address[4];
};

struct prefix6 {
	__u32 prefixlen;
	struct in6_addr address;
};

struct value {
	__s16 number;
	__u8 mac[6];
	char name[8];
	struct {
		__be32 from;
		__be16 port;
	} peer;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 9);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix4);
	__type(value, struct value);
} four SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 9);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix6);
	__type(value, __u8);
} six SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __be32);
	__type(value, __s32);
} sources SEC(".maps");

/* What people write is told by its name, or by its members'. */
struct dns_name {
	__u8 labels[32];
};

struct identifier {
	__u8 length;
	__u8 bytes[8];
};

struct pattern {
	__u16 from;
	struct {
		__u8 length;
		char text[8];
	} text;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 9);
	__type(key, struct dns_name);
	__type(value, struct pattern);
} names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 9);
	__type(key, struct identifier);
	__type(value, __u8);
} identifiers SEC(".maps");

SEC("socket")
int typed_maps(struct __sk_buff *skb)
{
	struct prefix4 key4 = {};
	struct prefix6 key6 = {};
	struct dns_name name = {};
	struct identifier identifier = {};
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&packets, &zero);

	if (count)
		*count += 1;
	return bpf_map_lookup_elem(&four, &key4) || bpf_map_lookup_elem(&six, &key6) ||
	       bpf_map_lookup_elem(&sources, &zero) || bpf_map_lookup_elem(&names, &name) ||
	       bpf_map_lookup_elem(&identifiers, &identifier);
}

char _license[] SEC("license") = "GPL";
