// SPDX-License-Identifier: GPL-2.0-only
/* A match that takes its time: some hundred times as long as any of the kernel's own. Matches all. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int match_slow(struct __sk_buff *skb)
{
	__u32 x = skb->len;
	int i;

	for (i = 0; i < 50000; i++) {
		x = x * 3 + i;
		barrier_var(x);
	}
	return x | 1;
}

char _license[] SEC("license") = "GPL";
