// SPDX-License-Identifier: GPL-2.0-only
/*
 * Matches if skb->cb is all zero, as a program must find it, and writes over it. In the middle of an IPv4 packet's way
 * through the stack those bytes are the stack's: cb[3] holds IPSKB_REROUTED, by which a packet would skip POSTROUTING.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define IPSKB_REROUTED 0x10

SEC("socket")
int scribble_cb(struct __sk_buff *skb)
{
	__u32 found = skb->cb[0] | skb->cb[1] | skb->cb[2] | skb->cb[3] | skb->cb[4];

	skb->cb[3] = IPSKB_REROUTED;
	skb->cb[4] = 0x5a5a5a5a;
	return !found;
}

char _license[] SEC("license") = "GPL";
