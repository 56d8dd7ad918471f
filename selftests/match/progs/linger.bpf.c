// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes long, and counts how often it was then on another CPU than before. Programs may count on that never to happen.
 * Matches all. Needs bpf_loop(), Linux 5.17.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum { RUNS, MOVES };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} lingered SEC(".maps");

static void count(__u32 what)
{
	__u64 *counter = bpf_map_lookup_elem(&lingered, &what);

	if (counter)
		__sync_fetch_and_add(counter, 1);
}

static long do_nothing(__u32 i, void *unused)
{
	return 0;
}

SEC("socket")
int linger(struct __sk_buff *skb)
{
	__u32 cpu = bpf_get_smp_processor_id();

	count(RUNS);
	bpf_loop(1 << 17, do_nothing, NULL, 0);
	if (bpf_get_smp_processor_id() != cpu)
		count(MOVES);
	return 1;
}

char _license[] SEC("license") = "GPL";
