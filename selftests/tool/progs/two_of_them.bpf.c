// SPDX-License-Identifier: GPL-2.0-only
/* Two programs in one object: the first matches nothing, the second everything. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int first(struct __sk_buff *skb)
{
	return 0;
}

SEC("socket")
int second(struct __sk_buff *skb)
{
	return 1;
}

char _license[] SEC("license") = "GPL";
