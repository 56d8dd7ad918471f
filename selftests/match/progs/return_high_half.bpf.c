// SPDX-License-Identifier: GPL-2.0-only
/* Leaves the register of the return value at 1 << 32: the 32 bits that count are 0, no match. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
__u64 return_high_half(struct __sk_buff *skb)
{
	return 1ULL << 32;
}

char _license[] SEC("license") = "GPL";
