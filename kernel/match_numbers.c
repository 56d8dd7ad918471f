// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often the rules of revision 2 run and match, and how long that takes: off until a parameter of the module says
 * otherwise, and then for all rules of the machine. Numbers are kept for each rule and CPU.
 *
 * The order that keeps the packet path free of questions: first every rule gets room for its numbers, then the branch
 * that counts is switched on, then each rule takes the way that leads there; rules that are added from then on bring all of it.
 * Under match_lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>

#include "match.h"

DEFINE_STATIC_KEY_FALSE(match_counts);
DEFINE_STATIC_KEY_FALSE(match_times);

/* What the administrator wants; under match_lock. Time without count is both. */
static bool count_wanted;
static bool time_wanted;

/* Room for the numbers of a rule, if it has none. */
int match_numbers_prepare(struct xt_ebpf_rule *rule)
{
	struct match_numbers __percpu *numbers;

	if (rule->numbers)
		return 0;
	numbers = alloc_percpu_gfp(struct match_numbers, GFP_KERNEL_ACCOUNT);
	if (!numbers)
		return -ENOMEM;
	WRITE_ONCE(rule->numbers, numbers);
	return 0;
}

void match_numbers_sum(const struct xt_ebpf_rule *rule, struct match_numbers *sum)
{
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct match_numbers *here = per_cpu_ptr(rule->numbers, cpu);

		sum->runs += READ_ONCE(here->runs);
		sum->matches += READ_ONCE(here->matches);
		sum->nanoseconds += READ_ONCE(here->nanoseconds);
	}
}

static int prepare_all(void)
{
	const struct match_filter all = {};
	struct match_walk walk = {};
	struct xt_ebpf_rule *rule;
	int err;

	while ((rule = match_rule_next(&all, &walk))) {
		err = match_numbers_prepare(rule);
		if (err)
			return err;
	}
	return 0;
}

static int apply(void)
{
	int err;

	if (count_wanted || time_wanted) {
		err = prepare_all();
		if (err)
			return err;
		static_branch_enable(&match_counts);
	}
	if (time_wanted)
		static_branch_enable(&match_times);
	else
		static_branch_disable(&match_times);
	if (!count_wanted && !time_wanted)
		static_branch_disable(&match_counts);
	match_rules_count(count_wanted || time_wanted);
	return 0;
}

/* A parameter is written: process context, under the parameters' own lock; also before the module's init runs. */
static int set_wanted(const char *value, const struct kernel_param *param)
{
	bool *wanted = param->arg;
	bool before, now;
	int err;

	err = kstrtobool(value ?: "1", &now);
	if (err)
		return err;

	mutex_lock(&match_lock);
	before = *wanted;
	*wanted = now;
	err = apply();
	if (err)
		*wanted = before;
	mutex_unlock(&match_lock);
	return err;
}

static const struct kernel_param_ops wanted_ops = {
	.flags	= KERNEL_PARAM_OPS_FL_NOARG,
	.set	= set_wanted,
	.get	= param_get_bool,
};

module_param_cb(count, &wanted_ops, &count_wanted, 0644);
MODULE_PARM_DESC(count, "count how often each rule of revision 2 runs and matches");
module_param_cb(time, &wanted_ops, &time_wanted, 0644);
MODULE_PARM_DESC(time, "count that and measure the time it takes");
