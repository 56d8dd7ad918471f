// SPDX-License-Identifier: GPL-2.0-only
/* Matches every packet. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int match_all(struct __sk_buff *skb)
{
	return 1;
}

char _license[] SEC("license") = "GPL";
