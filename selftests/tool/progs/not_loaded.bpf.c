// SPDX-License-Identifier: GPL-2.0-only
/* The verifier refuses to follow a number as if it were a pointer. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int not_loaded(struct __sk_buff *skb)
{
	return *(int *)(long)skb->len;
}

char _license[] SEC("license") = "GPL";
