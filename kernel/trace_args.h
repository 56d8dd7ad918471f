/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arguments of probed functions, at their entry. Which argument is which the functions' prototypes say, where an
 * argument is the architecture says; nothing else in this module knows either.
 */
#ifndef _IPTABLES_TRACE_ARGS_H
#define _IPTABLES_TRACE_ARGS_H

#include <linux/ptrace.h>
#include <linux/types.h>

#include "compat/compat.h"

struct nf_hook_state;
struct sk_buff;
struct xt_table;

/*
 * Arguments beyond the registers are on the stack in units of a word; on x86 the return address comes first. This
 * holds also for those of a variadic function.
 */
#if defined(CONFIG_X86_64)
#define ITRACE_REGISTER_ARGS	6
#define ITRACE_STACK_ARGS	1
#elif defined(CONFIG_ARM64)
#define ITRACE_REGISTER_ARGS	8
#define ITRACE_STACK_ARGS	0
#else
#error "iptables_trace knows the function arguments of x86-64 and arm64 only"
#endif

static __always_inline unsigned long itrace_arg(struct pt_regs *regs, unsigned int n)
{
	const unsigned long *stack = (const unsigned long *)kernel_stack_pointer(regs);

	if (n < ITRACE_REGISTER_ARGS)
		return regs_get_kernel_argument(regs, n);
	/* Not regs_get_kernel_stack_nth(): it reads what may not be readable, and arm64 does not export it. */
	return stack[n - ITRACE_REGISTER_ARGS + ITRACE_STACK_ARGS];
}

/* One of the first three. */
static __always_inline void itrace_set_arg(struct pt_regs *regs, unsigned int n,
					   unsigned long value)
{
#if defined(CONFIG_X86_64)
	switch (n) {
	case 0:
		regs->di = value;
		break;
	case 1:
		regs->si = value;
		break;
	case 2:
		regs->dx = value;
		break;
	}
#else
	regs->regs[n] = value;
#endif
}

/* ipt_do_table(), ip6t_do_table() */
#ifdef HAVE_IPT_DO_TABLE_PRIV
#define ITRACE_TABLE_ARG		0
#define ITRACE_TABLE_SKB_ARG	1
#define ITRACE_TABLE_STATE_ARG	2
#else
#define ITRACE_TABLE_ARG		2
#define ITRACE_TABLE_SKB_ARG	0
#define ITRACE_TABLE_STATE_ARG	1
#endif

static __always_inline const struct xt_table *itrace_table_arg(struct pt_regs *regs)
{
	return (const struct xt_table *)itrace_arg(regs, ITRACE_TABLE_ARG);
}

static __always_inline struct sk_buff *itrace_table_skb_arg(struct pt_regs *regs)
{
	return (struct sk_buff *)itrace_arg(regs, ITRACE_TABLE_SKB_ARG);
}

static __always_inline const struct nf_hook_state *itrace_table_state_arg(struct pt_regs *regs)
{
	return (const struct nf_hook_state *)itrace_arg(regs, ITRACE_TABLE_STATE_ARG);
}

/* nf_log_trace(net, pf, hooknum, skb, in, out, loginfo, fmt, table name, chain name, type, rule number) */
static __always_inline struct sk_buff *itrace_log_skb_arg(struct pt_regs *regs)
{
	return (struct sk_buff *)itrace_arg(regs, 3);
}

static __always_inline const char *itrace_log_chain_arg(struct pt_regs *regs)
{
	return (const char *)itrace_arg(regs, 9);
}

static __always_inline const char *itrace_log_type_arg(struct pt_regs *regs)
{
	return (const char *)itrace_arg(regs, 10);
}

static __always_inline unsigned int itrace_log_rule_arg(struct pt_regs *regs)
{
	return itrace_arg(regs, 11);
}

/* trace_tg(skb, par) of xt_TRACE */
static __always_inline struct sk_buff *itrace_target_skb_arg(struct pt_regs *regs)
{
	return (struct sk_buff *)itrace_arg(regs, 0);
}

/* nf_dup_ipv4(net, skb, hooknum, gw, oif), nf_dup_ipv6() */
static __always_inline struct sk_buff *itrace_dup_skb_arg(struct pt_regs *regs)
{
	return (struct sk_buff *)itrace_arg(regs, 1);
}

/* xt_replace_table(table, num_counters, newinfo, error), xt_unregister_table(table) */
static __always_inline const struct xt_table *itrace_replaced_table_arg(struct pt_regs *regs)
{
	return (const struct xt_table *)itrace_arg(regs, 0);
}

#endif
