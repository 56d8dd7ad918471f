// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether probes are hit at all. The administrator can switch them off (kprobes/enabled in debugfs, the sysctl
 * kernel.ftrace_enabled): the kernel goes on taking and removing probes then, and none of them is ever hit. So a function
 * of ours is probed like those of the kernel, at its entry, and called to see.
 *
 * By the same function it is measured what probes take beside their handlers.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>

#include "trace.h"

static atomic_t hits;

/* Of a CPU: of its last call. */
struct timing {
	bool follow;			/* to the return */
	u64 arrived;			/* at the entry's handler */
	u64 left;			/* that one */
	u64 returned;			/* at the return's */
};

static DEFINE_PER_CPU(struct timing, timing);

/* Found by its name; does nothing, which the compiler must not notice. */
noinline void itrace_canary(void)
{
	barrier();
}

int itrace_canary_hit(struct kprobe *probe, struct pt_regs *regs)
{
	struct timing *here = this_cpu_ptr(&timing);

	here->arrived = ktime_get_mono_fast_ns();
	atomic_inc(&hits);
	if (here->follow)
		itrace_hook_follow(probe, regs);
	here->left = ktime_get_mono_fast_ns();
	return 0;
}

NOKPROBE_SYMBOL(itrace_canary_hit);

int itrace_canary_followed(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return 0;
}

NOKPROBE_SYMBOL(itrace_canary_followed);

int itrace_canary_returned(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	this_cpu_ptr(&timing)->returned = ktime_get_mono_fast_ns();
	return 0;
}

NOKPROBE_SYMBOL(itrace_canary_returned);

/* While the probes are set. Not from a probe. Others that ask meanwhile get the same answer. */
bool itrace_probes_work(void)
{
	int before = atomic_read(&hits);

	itrace_canary();
	return atomic_read(&hits) != before;
}

/* One call, timed. With preemption disabled. Should the probe not be hit, it takes nothing. */
static struct timing *call(bool follow, u64 *began)
{
	struct timing *here = this_cpu_ptr(&timing);

	here->follow = follow;
	*began = ktime_get_mono_fast_ns();
	here->arrived = *began;
	here->left = *began;
	here->returned = *began;
	itrace_canary();
	here->follow = false;
	return here;
}

/* What a probe takes on its way into the handler and out of it, and reading the clock twice. */
u32 itrace_canary_around(void)
{
	u64 began;
	const struct timing *here = call(false, &began);
	u64 ended = ktime_get_mono_fast_ns();

	return here->arrived - began + ended - here->left;
}

/* What it takes from the handler of a function's entry into that of its return, and reading the clock once. */
u32 itrace_canary_between(void)
{
	u64 began;
	const struct timing *here = call(true, &began);

	return here->returned > here->left ? here->returned - here->left : 0;
}
