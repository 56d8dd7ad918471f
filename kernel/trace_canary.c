// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether probes are hit at all. The administrator can switch them off (kprobes/enabled in debugfs, the sysctl
 * kernel.ftrace_enabled): the kernel goes on taking and removing probes then, and none of them is ever hit. So a function
 * of ours is probed like those of the kernel, at its entry, and called to see.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/kprobes.h>

#include "trace.h"

static atomic_t hits;

/* Found by its name; does nothing, which the compiler must not notice. */
noinline void itrace_canary(void)
{
	barrier();
}

int itrace_canary_hit(struct kprobe *probe, struct pt_regs *regs)
{
	atomic_inc(&hits);
	return 0;
}

NOKPROBE_SYMBOL(itrace_canary_hit);

/* While the probes are set. Not from a probe. Others that ask meanwhile get the same answer. */
bool itrace_probes_work(void)
{
	int before = atomic_read(&hits);

	itrace_canary();
	return atomic_read(&hits) != before;
}
