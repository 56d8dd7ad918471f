/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place that knows how kernels differ. The modules are written for one kernel, the newest; what older ones
 * lack gets its newest name here, on the word of the compile tests beside this file.
 */
#ifndef _IPTABLES_EBPF_COMPAT_H
#define _IPTABLES_EBPF_COMPAT_H

#include <linux/bpf.h>
#include <linux/err.h>
#include <linux/filter.h>
#include <linux/module.h>
#include <linux/netfilter/x_tables.h>
#include <linux/string.h>
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

/*
 * Since 6.17 a kernel built without NETFILTER_XTABLES_LEGACY has no tables of ip_tables and none of this, though the header
 * declares it: what uses it has to ask before.
 */
#pragma weak xt_recseq

static inline bool compat_has_recseq(void)
{
	return &xt_recseq;
}

/*
 * A table that the namespace has, locked and with a reference to its module, or an error. xt_find_table_lock() would make
 * one where there is none yet.
 */
static inline struct xt_table *compat_find_table_lock(struct net *net, u8 family, const char *name)
{
#ifdef HAVE_XT_FIND_TABLE
	if (!xt_find_table(net, family, name))
		return ERR_PTR(-ENOENT);
	return xt_find_table_lock(net, family, name);
#else
	/* Made after the one of this name in the first namespace, which has the same lock and module. */
	struct xt_table *model = xt_find_table_lock(&init_net, family, name);
	struct xt_table *table;

	if (IS_ERR(model))
		return xt_find_table_lock(net, family, name);
	list_for_each_entry(table, &net->xt.tables[family], list)
		if (!strcmp(table->name, name))
			return table;
	module_put(model->me);
	xt_table_unlock(model);
	return ERR_PTR(-ENOENT);
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
