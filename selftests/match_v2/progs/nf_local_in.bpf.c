// SPDX-License-Identifier: GPL-2.0-only
/* Of type netfilter: accepts, and so matches, what goes to this host through the loopback device, 20 bytes or longer. */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define NF_DROP		0
#define NF_ACCEPT	1
#define NF_INET_LOCAL_IN 1

struct net_device {
	char name[16];
} __attribute__((preserve_access_index));

struct nf_hook_state {
	unsigned char hook;
	struct net_device *in;
} __attribute__((preserve_access_index));

struct sk_buff {
	unsigned int len;
} __attribute__((preserve_access_index));

struct bpf_nf_ctx {
	const struct nf_hook_state *state;
	struct sk_buff *skb;
} __attribute__((preserve_access_index));

SEC("netfilter")
int nf_local_in(struct bpf_nf_ctx *ctx)
{
	const struct nf_hook_state *state = ctx->state;

	if (state->hook != NF_INET_LOCAL_IN || !state->in || ctx->skb->len < 20)
		return NF_DROP;
	return state->in->name[0] == 'l' && state->in->name[1] == 'o' ? NF_ACCEPT : NF_DROP;
}

char _license[] SEC("license") = "GPL";
