// SPDX-License-Identifier: GPL-2.0-only
/* Matches no packet. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int match_none(struct __sk_buff *skb)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
