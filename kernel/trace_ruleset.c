// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which ruleset a table has at the moment: a number that no other ruleset gets, of this table or of another, be it in a
 * network namespace that comes later and has all else of one that is gone, its number too. Tables that share a counter
 * have their number in common.
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

/* The upper half is the number, of the replacement that began last, the lower half counts those in progress. */
#define NUMBER_SHIFT	32
#define IN_PROGRESS	1ULL

static atomic64_t generation[1 << TABLE_BITS];

/* The last number that was given. */
static atomic64_t last_number;

/* Beginnings and ends, of all tables. */
static atomic64_t replacements;

static atomic64_t *generation_of(const struct xt_table *table)
{
	return &generation[hash_ptr(table, TABLE_BITS)];
}

/*
 * The ruleset, and what the clock of replacements says, at one moment. 0 while the rules are being replaced, or if the
 * clock has moved meanwhile.
 */
u64 itrace_ruleset_of(const struct xt_table *table, u64 *clock)
{
	u64 now;

	*clock = atomic64_read(&replacements);
	smp_rmb(); /* begin() and end() write in the other order. */
	now = atomic64_read(generation_of(table));
	smp_rmb(); /* Likewise. */
	if (lower_32_bits(now) || atomic64_read(&replacements) != *clock)
		return 0;
	return upper_32_bits(now) + 1ULL;
}

static s64 next_number(void)
{
	return (s64)((u64)atomic64_inc_return(&last_number) << NUMBER_SHIFT);
}

/* The clock first: who sees the new generation sees that the clock has moved. Fully ordered, as the values are returned. */
static void begin(const struct xt_table *table, u32 in_progress)
{
	atomic64_t *counter = generation_of(table);
	s64 number = next_number();
	s64 now = atomic64_read(counter);

	atomic64_inc_return(&replacements);
	while (!atomic64_try_cmpxchg(counter, &now, number | (lower_32_bits(now) + in_progress)))
		;
}

/* Likewise. */
static void end(const struct xt_table *table)
{
	atomic64_inc_return(&replacements);
	atomic64_sub_return(IN_PROGRESS, generation_of(table));
}

u64 itrace_ruleset_replacements(void)
{
	return atomic64_read(&replacements);
}

/* Before the probes are set: what was replaced without them is not known, nor was every end seen of what they saw begin. */
void itrace_rulesets_reset(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(generation); i++)
		atomic64_set(&generation[i], next_number());
}

int itrace_ruleset_replace_enter(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct xt_table **table = (const struct xt_table **)instance->data;

	*table = itrace_replaced_table_arg(regs);
	begin(*table, IN_PROGRESS);
	return 0;
}

NOKPROBE_SYMBOL(itrace_ruleset_replace_enter);

int itrace_ruleset_replace_leave(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct xt_table **table = (const struct xt_table **)instance->data;

	end(*table);
	return 0;
}

NOKPROBE_SYMBOL(itrace_ruleset_replace_leave);

/* A table that is registered later may get this one's memory, and its registration is no replacement. */
int itrace_ruleset_unregister(struct kprobe *probe, struct pt_regs *regs)
{
	const struct xt_table *table = itrace_replaced_table_arg(regs);

	begin(table, 0);
	itrace_observe_table_gone(table);
	return 0;
}

NOKPROBE_SYMBOL(itrace_ruleset_unregister);
