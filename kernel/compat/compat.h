/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place that knows how kernels differ. The modules are written for one kernel, the newest; what older ones
 * lack gets its newest name here, on the word of the compile tests beside this file.
 */
#ifndef _IPTABLES_EBPF_COMPAT_H
#define _IPTABLES_EBPF_COMPAT_H

#include <linux/bpf.h>
#include <linux/filter.h>
#include <net/net_namespace.h>

#include "generated.h"

#ifdef HAVE_BPF_PROG_TYPE_NETFILTER
#include <net/netfilter/nf_bpf_link.h>
#endif

#ifndef HAVE_BPF_PROG_RUN
#define bpf_prog_run(prog, ctx)	BPF_PROG_RUN(prog, ctx)
#endif

static inline bool compat_prog_sleeps(const struct bpf_prog *prog)
{
#ifdef HAVE_BPF_PROG_SLEEPABLE
	return prog->sleepable;
#else
	return prog->aux->sleepable;
#endif
}

/* 0 if the namespace has none yet. */
static inline u64 compat_net_cookie(const struct net *net)
{
#ifdef HAVE_NET_COOKIE_U64
	return net->net_cookie;
#else
	return atomic64_read(&net->net_cookie);
#endif
}

#ifndef HAVE_BPF_TRACE_RUN_CTX
struct bpf_run_ctx {};

struct bpf_trace_run_ctx {
	struct bpf_run_ctx run_ctx;
};

static inline struct bpf_run_ctx *bpf_set_run_ctx(struct bpf_run_ctx *new)
{
	return NULL;
}

static inline void bpf_reset_run_ctx(struct bpf_run_ctx *old)
{
}
#endif

#endif
