// SPDX-License-Identifier: GPL-2.0-only
/* An object with more than one program, in a section whose name says nothing, and with a map. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} answer SEC(".maps");

SEC("rules")
int two_yes(struct __sk_buff *skb)
{
	__u32 key = 0, *value = bpf_map_lookup_elem(&answer, &key);

	return value && !*value;
}

SEC("rules")
int two_no(struct __sk_buff *skb)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
