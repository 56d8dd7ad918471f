// SPDX-License-Identifier: GPL-2.0-only
/* Returns 0x80000000: any bit of the 32 is a match. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int return_high_bit(struct __sk_buff *skb)
{
	return 0x80000000;
}

char _license[] SEC("license") = "GPL";
