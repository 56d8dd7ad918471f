// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revision 2 of the match "bpf": rules as they come, run and go. What the blob means is in uapi/xt_ebpf.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched/clock.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "match.h"

static const char *fault_of(const struct xt_ebpf_info *info, const struct net *net)
{
	const char *fault = match_source_misfits(info);

	if (fault || (info->flags & XT_EBPF_F_STORED))
		return fault;
	return match_source_fault(info->source, info->num_insns, match_source_text_in(info),
				  info->text_len, net);
}

/* What the user wrote, with a reference. */
static struct match_source *source_of(const struct xt_mtchk_param *par,
				      const struct xt_ebpf_info *info)
{
	struct match_source *source;

	if (info->flags & XT_EBPF_F_STORED) {
		source = match_source_find(par->net, info);
		if (!source) {
			match_explain(par, "its contents were not stored before");
			return ERR_PTR(-ESTALE);
		}
		source->users++;
		return source;
	}

	source = match_source_get(par->net, info->source, info->num_insns, info->data,
				  info->text_len, match_source_text_in(info));
	if (IS_ERR(source))
		match_explain(par, "bytecode of %u instructions is not a valid classic BPF program (%pe)",
			      info->num_insns, source);
	return source;
}

/* The program that the rule is to run, with a reference if it is an eBPF program. */
static int prog_of(const struct xt_mtchk_param *par, const struct xt_ebpf_info *info,
		   const struct match_source *source, struct bpf_prog **prog)
{
	bool netfilter = !match_net_is_limited(par->net);

	switch (source->kind) {
	case XT_EBPF_PINNED:
		return match_prog_from_pin(par, match_source_text(source), netfilter, prog);
	case XT_EBPF_OBJECT:
		return match_prog_from_fd(par, info->fd, netfilter, prog);
	default:
		*prog = source->prog;
		return 0;
	}
}

static int again(const struct xt_mtchk_param *par, struct xt_ebpf_info *info)
{
	int err;

	mutex_lock(&match_lock);
	err = match_rule_again(par, info);
	mutex_unlock(&match_lock);
	return err;
}

static int add(const struct xt_mtchk_param *par, struct xt_ebpf_info *info)
{
	struct match_source *source;
	struct bpf_prog *prog;
	int err;

	mutex_lock(&match_lock);
	source = source_of(par, info);
	mutex_unlock(&match_lock);
	if (IS_ERR(source))
		return PTR_ERR(source);

	/* Not under the lock: a path can lead into a file system whose server does not answer. */
	err = prog_of(par, info, source, &prog);

	mutex_lock(&match_lock);
	if (err)
		goto put_source;
	err = match_rule_add(par, info, source, prog);
	if (err)
		goto put_prog;
	mutex_unlock(&match_lock);
	/* It was the number of a descriptor of one process, at one moment. */
	info->fd = -1;
	return 0;

put_prog:
	if (!source->prog)
		bpf_prog_put(prog);
put_source:
	match_source_put(source);
	mutex_unlock(&match_lock);
	return err;
}

static int ebpf_mt_check_v2(const struct xt_mtchk_param *par)
{
	struct xt_ebpf_info *info = par->matchinfo;
	const char *fault = fault_of(info, par->net);

	if (fault) {
		match_explain(par, "revision 2: %s", fault);
		return -EINVAL;
	}
	return info->handle ? again(par, info) : add(par, info);
}

static __always_inline bool run_directly(const struct bpf_prog *prog, const struct sk_buff *skb)
{
	return bpf_dispatcher_nop_func(skb, prog->insnsi, prog->bpf_func);
}

static bool run_netfilter(const struct bpf_prog *prog, const struct sk_buff *skb,
			  const struct xt_action_param *par)
{
#ifdef HAVE_BPF_PROG_TYPE_NETFILTER
	const struct bpf_nf_ctx ctx = { .state = par->state, .skb = (struct sk_buff *)skb };

	/* The verifier lets such a program return NF_DROP, which is 0, and NF_ACCEPT. */
	return bpf_prog_run_pin_on_cpu(prog, &ctx);
#else
	return false;
#endif
}

static noinline bool run_odd(unsigned long run, const struct sk_buff *skb,
			     const struct xt_action_param *par)
{
	const struct bpf_prog *prog = match_run_prog(run);
	bool yes;

	if (match_prog_is_netfilter(prog))
		yes = run_netfilter(prog, skb, par);
	else
		yes = bpf_prog_run_save_cb(prog, (struct sk_buff *)skb);
	return run & MATCH_INVERT ? !yes : yes;
}

static __always_inline bool run_any(unsigned long run, const struct sk_buff *skb,
				    const struct xt_action_param *par)
{
	if (static_branch_unlikely(&bpf_stats_enabled_key) || unlikely(run & MATCH_ODD) ||
	    ((run & MATCH_MAY_MIGRATE) && !match_stays_on_cpu()))
		return run_odd(run, skb, par);
	return run_directly(match_run_prog(run), skb);
}

static noinline bool run_timed(const struct xt_ebpf_rule *rule, unsigned long run,
			       const struct sk_buff *skb, const struct xt_action_param *par)
{
	bool matches;
	u64 began;

	/* A clock of one CPU. */
	migrate_disable();
	began = sched_clock();
	matches = run_any(run, skb, par);
	this_cpu_add(rule->numbers->nanoseconds, sched_clock() - began);
	migrate_enable();
	return matches;
}

/* Rules got room for their numbers before counting began. */
static __always_inline bool counted(struct match_numbers __percpu *numbers, bool matches)
{
	this_cpu_inc(numbers->runs);
	this_cpu_add(numbers->matches, (u64)matches);
	return matches;
}

/* Counting alone, which may stay on for good. A function of its own: the packet path itself needs no stack. */
static noinline bool run_counted(const struct sk_buff *skb,
				 const struct xt_ebpf_rule *rule, unsigned long run)
{
	struct match_numbers __percpu *numbers = rule->numbers;

	return counted(numbers, run_directly(match_run_prog(run), skb));
}

/* Anything out of the ordinary: see MATCH_CAREFUL. */
static noinline bool run_carefully(const struct sk_buff *skb, const struct xt_action_param *par,
				   const struct xt_ebpf_rule *rule, unsigned long run)
{
	if (!static_branch_unlikely(&match_counts))
		return run_any(run, skb, par);
	return counted(rule->numbers, static_branch_unlikely(&match_times) ?
				      run_timed(rule, run, skb, par) : run_any(run, skb, par));
}

/* The packet path: like that of revision 1, with what can be told beforehand told beforehand. */
static bool ebpf_mt_v2(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_ebpf_info *info = par->matchinfo;
	const struct xt_ebpf_rule *rule = info->rule;
	unsigned long run = READ_ONCE(rule->run);

	if (static_branch_unlikely(&bpf_stats_enabled_key))
		return run_carefully(skb, par, rule, run);
	if (likely(!(run & MATCH_CAREFUL)))
		return run_directly((const struct bpf_prog *)run, skb);
	if (static_branch_unlikely(&match_counts)) {
		/* Legacy rules need one question, not two. */
		if (!static_branch_unlikely(&match_times) &&
		    (!(run & (MATCH_ODD | MATCH_MAY_MIGRATE)) ||
		     (!(run & MATCH_ODD) && match_stays_on_cpu())))
			return run_counted(skb, rule, run);
		return run_carefully(skb, par, rule, run);
	}
	/* A packet of nf_tables that a softirq brings, as most are. */
	if (!(run & MATCH_ODD) && match_stays_on_cpu())
		return run_directly(match_run_prog(run), skb);
	return run_carefully(skb, par, rule, run);
}

static void ebpf_mt_destroy_v2(const struct xt_mtdtor_param *par)
{
	const struct xt_ebpf_info *info = par->matchinfo;

	mutex_lock(&match_lock);
	match_rule_put(info->rule);
	mutex_unlock(&match_lock);
}

#define EBPF_MT_V2(fam)						\
	{							\
		.name		= "bpf",			\
		.revision	= XT_EBPF_REVISION,		\
		.family		= fam,				\
		.checkentry	= ebpf_mt_check_v2,		\
		.match		= ebpf_mt_v2,			\
		.destroy	= ebpf_mt_destroy_v2,		\
		.matchsize	= sizeof(struct xt_ebpf_info),	\
		.usersize	= offsetof(struct xt_ebpf_info, rule), \
		.me		= THIS_MODULE,			\
	}

/* The families of iptables, which alone writes this revision. */
static struct xt_match ebpf_mt_v2_reg[] __read_mostly = {
	EBPF_MT_V2(NFPROTO_IPV4),
	EBPF_MT_V2(NFPROTO_IPV6),
};

int match_v2_register(void)
{
	return xt_register_matches(ebpf_mt_v2_reg, ARRAY_SIZE(ebpf_mt_v2_reg));
}

void match_v2_unregister(void)
{
	xt_unregister_matches(ebpf_mt_v2_reg, ARRAY_SIZE(ebpf_mt_v2_reg));
}
