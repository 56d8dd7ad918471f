/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a walk takes, without what it takes to trace it. Nothing of this runs, but for a branch that is patched in, unless a
 * session asks for it.
 */
#ifndef _IPTABLES_TRACE_COST_H
#define _IPTABLES_TRACE_COST_H

#include <linux/jump_label.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

struct iptables_trace_match;
struct iptables_trace_stats;
struct itrace_walk;
struct kprobe;
struct kretprobe_instance;
struct pt_regs;

/* Of a walk. */
struct itrace_cost {
	bool wanted;			/* the rest is there if it is */
	unsigned int cpu;		/* where the last handler ended, */
	u64 left_ns;			/* when, */
	u64 own_ns;			/* and what tracing had taken on that CPU by then */
	u64 net_ns;			/* what the walk has taken so far */
	const void *rules;		/* of x_tables: that it goes through */
};

DECLARE_STATIC_KEY_FALSE(itrace_costs);

static __always_inline bool itrace_cost_measured(void)
{
	return static_branch_unlikely(&itrace_costs);
}

static __always_inline bool itrace_cost_wanted(const struct itrace_cost *cost)
{
	return itrace_cost_measured() && cost->wanted;
}

/* When a handler begins; of no interest to anybody if nobody asks. */
static __always_inline u64 itrace_cost_now(void)
{
	return itrace_cost_measured() ? ktime_get_mono_fast_ns() : 0;
}

/* trace_cost.c: in process context, */
void itrace_cost_calibrate(void);
void itrace_cost_stats(struct iptables_trace_stats *stats, bool matches);
/* in a probe's handler, which nothing preempts; itrace_cost_in_between() also within a walk, with bottom halves off. */
void itrace_cost_begin(struct itrace_walk *walk, u64 arrived);
void itrace_cost_rule(struct itrace_walk *walk, u64 arrived);
void itrace_cost_rule_searched(struct itrace_walk *walk, u64 arrived, const char *chain,
			       unsigned int number);
void itrace_cost_rule_done(struct itrace_walk *walk, u64 arrived);
void itrace_cost_leave(struct itrace_walk *walk, u64 arrived);
void itrace_cost_leave_done(u64 arrived);
void itrace_cost_matches(struct iptables_trace_match *notes, unsigned int count);
void itrace_cost_nft_matches(struct iptables_trace_match *notes, unsigned int count);
void itrace_cost_in_between(u64 began);
void itrace_cost_aside(u64 arrived);

/* trace_canary.c */
void itrace_canary(void);
int itrace_canary_hit(struct kprobe *probe, struct pt_regs *regs);
bool itrace_probes_work(void);
int itrace_canary_followed(struct kretprobe_instance *instance, struct pt_regs *regs);
int itrace_canary_returned(struct kretprobe_instance *instance, struct pt_regs *regs);
/* With preemption disabled, as itrace_cost_calibrate() calls them. */
u32 itrace_canary_around(void);
u32 itrace_canary_between(void);

/* trace_observe.c */
u32 itrace_observe_beside(void);
u32 itrace_observe_within(void);

#endif
