// SPDX-License-Identifier: GPL-2.0-only
/* A probe in the kernel, beside those that others may have at the same function. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "trace.h"
#include "trace_hook.h"

/* What register_kretprobe() makes a kretprobe's entry. */
static kprobe_pre_handler_t kretprobe_entry;

/*
 * Walks at once: one for each softirq and one for each task, tasks can be preempted within one, and walks nest.
 * What comes beyond is counted as missed.
 */
static int walks_at_once(void)
{
	return max_t(int, 256, 8 * num_possible_cpus());
}

static void after_entry(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

NOKPROBE_SYMBOL(after_entry);

/* What an earlier registration left behind would make the kernel refuse this one. */
static void make_new(struct itrace_hook *hook)
{
	memset(&hook->probe, 0, sizeof(hook->probe));
	hook->probe.kp.symbol_name = hook->function;
}

static int nothing(struct kprobe *probe, struct pt_regs *regs)
{
	return 0;
}

NOKPROBE_SYMBOL(nothing);

/*
 * The kernel forgets a probe's address if it could not be removed, as may be where others have probes at the function too. Then
 * it is in their lists still and goes on being called: it must never be written over, or go with the module.
 */
static int keep_if_stuck(struct itrace_hook *hook)
{
	if (hook->probe.kp.addr)
		return 0;
	/* What a kretprobe's entry stands on is gone. */
	WRITE_ONCE(hook->probe.kp.pre_handler, nothing);
	synchronize_rcu(); /* Who has been called as before is done. */
	hook->stuck = true;
	__module_get(THIS_MODULE);
	pr_err("the probe of %s() cannot be removed, and cannot be set any more before the next boot\n",
	       hook->function);
	return -EBUSY;
}

/*
 * A handler that diverts has to have its say where the kernel goes on. It has where ftrace calls it. Otherwise the kernel may
 * make a jump of the probe, unless that has a post_handler.
 *
 * Where ftrace calls it, a post_handler would have the kernel refuse others who divert, and call fexit programs rightly. But it
 * goes by the first probe at a function how ftrace calls all of them, and by all of them when the last one goes: if somebody else
 * was there first, it would look for the function in the wrong place, and keep what has been freed in its lists.
 *
 * In a kernel where ftrace calls probes it does so at all functions that can be traced; another one is refused.
 */
static int set_at_entry(struct itrace_hook *hook)
{
	struct kprobe *probe = &hook->probe.kp;
	int err;

	make_new(hook);
	probe->pre_handler = hook->at_entry;
	if (hook->diverts && !IS_ENABLED(CONFIG_KPROBES_ON_FTRACE))
		probe->post_handler = after_entry;
	err = register_kprobe(probe);
	if (err || !hook->diverts || probe->post_handler || probe->flags & KPROBE_FLAG_FTRACE)
		return err;
	unregister_kprobe(probe);
	return keep_if_stuck(hook) ?: -EOPNOTSUPP;
}

/*
 * A kretprobe takes an instance at each call and asks then whether it is needed, which is dear where nearly all calls are
 * packets that nobody selects. So at_entry takes the place of its entry, and hands on what is to be followed.
 */
static int set_at_return(struct itrace_hook *hook)
{
	int err;

	make_new(hook);
	hook->probe.entry_handler = hook->on_enter;
	hook->probe.handler = hook->on_leave;
	hook->probe.data_size = hook->data_size;
	hook->probe.maxactive = walks_at_once();
	err = register_kretprobe(&hook->probe);
	if (err || !hook->at_entry)
		return err;
	kretprobe_entry = hook->probe.kp.pre_handler;
	/* Probes that hit see the one or the other. */
	smp_store_release(&hook->probe.kp.pre_handler, hook->at_entry);
	return 0;
}

int itrace_hook_set(struct itrace_hook *hook)
{
	int err;

	if (hook->stuck)
		return -EBUSY;
	err = hook->on_leave ? set_at_return(hook) : set_at_entry(hook);
	hook->in_place = !err;
	return err;
}

/* What it has missed stays in the probe until itrace_hook_settle(). */
void itrace_hook_remove(struct itrace_hook *hook)
{
	if (hook->on_leave)
		unregister_kretprobe(&hook->probe);
	else
		unregister_kprobe(&hook->probe.kp);
	hook->in_place = false;
	keep_if_stuck(hook);
}

u64 itrace_hook_settle(struct itrace_hook *hook)
{
	u64 entries = READ_ONCE(hook->probe.kp.nmissed);
	u64 returns = READ_ONCE(hook->probe.nmissed);

	WRITE_ONCE(hook->probe.kp.nmissed, 0);
	WRITE_ONCE(hook->probe.nmissed, 0);
	hook->missed_entries += entries;
	hook->missed_returns += returns;
	return entries + returns;
}

/* For at_entry of a probe that has on_enter and on_leave too: lets these see this call, if there is an instance left. */
void itrace_hook_follow(struct kprobe *probe, struct pt_regs *regs)
{
	kretprobe_entry(probe, regs);
}

NOKPROBE_SYMBOL(itrace_hook_follow);
