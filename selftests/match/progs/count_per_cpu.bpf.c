// SPDX-License-Identifier: GPL-2.0-only
/* Counts the packets that it sees in a per-CPU map; matches all. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

SEC("socket")
int count_per_cpu(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&seen, &key);

	/* Not atomic: no other program runs on this CPU in between, or the sum comes out too small. */
	if (count)
		*count += 1;
	return 1;
}

char _license[] SEC("license") = "GPL";
