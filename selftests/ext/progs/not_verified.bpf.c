// SPDX-License-Identifier: GPL-2.0-only
/* The verifier refuses it: what the map holds may not be there. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} unchecked SEC(".maps");

SEC("socket")
int not_verified(struct __sk_buff *skb)
{
	__u32 key = 0, *value = bpf_map_lookup_elem(&unchecked, &key);

	return *value;
}

char _license[] SEC("license") = "GPL";
