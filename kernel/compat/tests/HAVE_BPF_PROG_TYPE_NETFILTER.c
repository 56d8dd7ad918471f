// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of type netfilter, Linux 6.4: fd9c663b9ad6 ("bpf: minimal support for programs hooked into netfilter
 * framework").
 *
 * expected no: No such file or directory|file not found
 */
#include <linux/bpf.h>
#include <net/netfilter/nf_bpf_link.h>

int answer(struct bpf_nf_ctx *ctx);
int answer(struct bpf_nf_ctx *ctx)
{
	return ctx->skb && ctx->state ? BPF_PROG_TYPE_NETFILTER : 0;
}
