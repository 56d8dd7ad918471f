// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which ruleset a table has at the moment: a number that no other ruleset of this table gets while sessions run.
 *
 * x_tables replaces all rules of a table at once, in xt_replace_table(). Its entry and its return are counted, so
 * that a walk through the table that falls between them, and may see either ruleset, is known for uncertain.
 */
#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/netfilter/x_tables.h>

#include "trace.h"
#include "trace_args.h"

/* Tables share counters by chance, which costs nothing but a number that changes without need. */
#define TABLE_BITS	8

/* The upper half counts replacements begun, the lower half those in progress. */
#define BEGUN		BIT_ULL(32)
#define IN_PROGRESS	1ULL

static atomic64_t generation[1 << TABLE_BITS];

/* Beginnings and ends, of all tables. */
static atomic64_t replacements;

static atomic64_t *generation_of(const struct xt_table *table)
{
	return &generation[hash_ptr(table, TABLE_BITS)];
}

/* 0 while the rules are being replaced. */
u64 itrace_ruleset_of(const struct xt_table *table)
{
	u64 now = atomic64_read(generation_of(table));

	return lower_32_bits(now) ? 0 : upper_32_bits(now) + 1ULL;
}

u64 itrace_ruleset_replacements(void)
{
	return atomic64_read(&replacements);
}

/* Before the probes are set: what one of them began its end may never have been seen. */
void itrace_rulesets_reset(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(generation); i++)
		atomic64_set(&generation[i], 0);
}

int itrace_ruleset_replace_enter(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct xt_table **table = (const struct xt_table **)instance->data;

	*table = itrace_replaced_table_arg(regs);
	atomic64_add(BEGUN + IN_PROGRESS, generation_of(*table));
	atomic64_inc(&replacements);
	return 0;
}

NOKPROBE_SYMBOL(itrace_ruleset_replace_enter);

int itrace_ruleset_replace_leave(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct xt_table **table = (const struct xt_table **)instance->data;

	atomic64_sub(IN_PROGRESS, generation_of(*table));
	atomic64_inc(&replacements);
	return 0;
}

NOKPROBE_SYMBOL(itrace_ruleset_replace_leave);

/* A table that is registered later may get this one's memory, and its registration is no replacement. */
int itrace_ruleset_unregister(struct kprobe *probe, struct pt_regs *regs)
{
	atomic64_add(BEGUN, generation_of(itrace_replaced_table_arg(regs)));
	atomic64_inc(&replacements);
	return 0;
}

NOKPROBE_SYMBOL(itrace_ruleset_unregister);
