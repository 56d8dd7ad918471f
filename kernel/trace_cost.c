// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a walk takes, without what it takes to trace it.
 *
 * Between the end of one handler and the beginning of the next are the rules, and what a probe takes around its handlers. The
 * latter cannot be seen from within and is measured when a session starts, at a function of ours (trace_canary.c). Besides,
 * in between there may be handlers of other walks, as of packets that a target sends, or of a softirq's; what each CPU has
 * spent in handlers so far says how much of the time was theirs. And there is what the kernel does for a packet that is
 * traced alone: to find out a rule's number it goes through all rules of the table that lie before it, which is done again
 * here, under the clock. It is not all: what nf_tables prepares for its trace before the first rule, handlers that look after
 * marks, and those of packets which no session selects, if they come in between, are left to the rules.
 *
 * What is measured in an idle moment is little compared to what it may take with cold caches, so too little is taken off
 * rather than too much; and never more than there is.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/sort.h>

#include "trace.h"
#include "trace_copy.h"

DEFINE_STATIC_KEY_FALSE(itrace_costs);

/* In nanoseconds, as of the last calibration. What a handler reads meanwhile is of that one or of the one before. */
static struct {
	u32 clock;			/* to read it */
	u32 probe;			/* of a kprobe, in and out */
	u32 table;			/* out of a table's entry, and into its return */
	u32 match;			/* to observe one */
	u32 within;			/* how much of that seems to be the match's own */
} figures;

/* What tracing has taken on this CPU since the module was loaded. Probes do not interrupt each other. */
static DEFINE_PER_CPU(u64, own_ns);

static int compare(const void *a, const void *b)
{
	const u32 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

#define SAMPLES		101

/* The median: an interrupt in between, or the first time, does not matter. */
static u32 typical(u32 (*sample)(void))
{
	static u32 took[SAMPLES];
	unsigned int i;

	for (i = 0; i < SAMPLES; i++) {
		preempt_disable();
		took[i] = sample();
		preempt_enable();
	}
	sort(took, SAMPLES, sizeof(*took), compare, NULL);
	return took[SAMPLES / 2];
}

static u32 read_clock(void)
{
	u64 began = ktime_get_mono_fast_ns();

	return ktime_get_mono_fast_ns() - began;
}

static u32 less(u32 what, u32 by)
{
	return what - min(what, by);
}

/* While the probes are set. Under the lock of starting and stopping. */
void itrace_cost_calibrate(void)
{
	WRITE_ONCE(figures.clock, typical(read_clock));
	/* The clock is read once more than from one handler to the next. */
	WRITE_ONCE(figures.probe, less(typical(itrace_canary_around), figures.clock));
	WRITE_ONCE(figures.table, typical(itrace_canary_between));
	/* Another session may observe the same packets. */
	if (!itrace_observe_possible())
		return;
	WRITE_ONCE(figures.match, typical(itrace_observe_beside));
	WRITE_ONCE(figures.within, typical(itrace_observe_within));
}

void itrace_cost_stats(struct iptables_trace_stats *stats, bool matches)
{
	stats->own_probe = READ_ONCE(figures.probe);
	stats->own_table = READ_ONCE(figures.table);
	stats->own_match = matches ? READ_ONCE(figures.match) : 0;
	stats->own_clock = READ_ONCE(figures.clock);
}

/* A handler that began at arrived ends, and the walk goes on. */
static void go_on(struct itrace_cost *cost, u64 arrived)
{
	u64 *own = this_cpu_ptr(&own_ns);

	cost->left_ns = ktime_get_mono_fast_ns();
	*own += cost->left_ns - arrived + READ_ONCE(figures.probe);
	cost->own_ns = *own;
	cost->cpu = smp_processor_id();
}

/* Of x_tables, the table or its copy. */
static const struct xt_table *walked_table(const struct itrace_walk *walk)
{
	return walk->at.table && walk->observers ? walk->copy : walk->at.table;
}

/* At the end of the handler of a table's entry. */
void itrace_cost_begin(struct itrace_walk *walk, u64 arrived)
{
	const struct xt_table *table = walked_table(walk);

	walk->cost.net_ns = 0;
	walk->cost.rules = table ? READ_ONCE(table->private) : NULL;
	go_on(&walk->cost, arrived);
}

/* What the rules have taken since the last handler; taken: what is known of the time that was not theirs. */
static u64 since_then(struct itrace_cost *cost, u64 arrived, u64 taken)
{
	u64 passed = arrived > cost->left_ns ? arrived - cost->left_ns : 0;
	u64 net;

	/* Of where it was before, nothing is known by now. */
	if (cost->cpu == smp_processor_id())
		taken += __this_cpu_read(own_ns) - cost->own_ns;
	net = passed - min(passed, taken);
	cost->net_ns += net;
	return net;
}

static void tell(struct itrace_walk *walk, u64 net)
{
	walk->ctx->net_ns = min_t(u64, net, U32_MAX);
}

void itrace_cost_rule(struct itrace_walk *walk, u64 arrived)
{
	tell(walk, since_then(&walk->cost, arrived, READ_ONCE(figures.probe)));
}

/* Of x_tables, after its matches were reported. */
void itrace_cost_rule_searched(struct itrace_walk *walk, u64 arrived, const char *chain,
			       unsigned int number)
{
	u64 began = ktime_get_mono_fast_ns();
	u64 took;

	/* If other rules have come in the meantime, those that were searched cannot be. */
	if (!itrace_copy_search(walked_table(walk), walk->cost.rules, walk->at.state->hook, chain,
				number))
		return itrace_cost_rule(walk, arrived);
	took = ktime_get_mono_fast_ns() - began;
	__this_cpu_add(own_ns, took - min_t(u64, took, READ_ONCE(figures.clock)));
	itrace_cost_rule(walk, arrived);
}

void itrace_cost_rule_done(struct itrace_walk *walk, u64 arrived)
{
	go_on(&walk->cost, arrived);
}

void itrace_cost_leave(struct itrace_walk *walk, u64 arrived)
{
	since_then(&walk->cost, arrived, READ_ONCE(figures.table));
	tell(walk, walk->cost.net_ns);
}

/* For who made the packet: a return's probe takes as much before its handler as behind it, and so does an entry's. */
void itrace_cost_leave_done(u64 arrived)
{
	u32 return_in = less(READ_ONCE(figures.table), READ_ONCE(figures.probe) / 2);

	__this_cpu_add(own_ns, ktime_get_mono_fast_ns() - arrived + 2 * return_in);
}

/* Of so many matches each took so much more, of which so much was taken for its own. */
static void take_off(struct iptables_trace_match *notes, unsigned int count, u32 beside, u32 within)
{
	unsigned int i;

	__this_cpu_add(own_ns, (u64)count * beside);
	for (i = 0; i < count; i++)
		if (notes[i].duration_ns != U32_MAX)
			notes[i].duration_ns = less(notes[i].duration_ns, within);
}

/* Of a walk's matches: they are about to be reported. */
void itrace_cost_matches(struct iptables_trace_match *notes, unsigned int count)
{
	take_off(notes, count, READ_ONCE(figures.match), READ_ONCE(figures.within));
}

/* The same in nf_tables, where the probe is hit twice: by the rule and, under the clock, by what asks in its place. */
void itrace_cost_nft_matches(struct iptables_trace_match *notes, unsigned int count)
{
	u32 probe = READ_ONCE(figures.probe);

	take_off(notes, count, 2 * probe, probe);
}

/* A report outside of a handler, which is over now. */
void itrace_cost_in_between(u64 began)
{
	__this_cpu_add(own_ns, ktime_get_mono_fast_ns() - began);
}

/* A handler that is over now, and none of a walk's events: none of its time is that of rules. */
void itrace_cost_aside(u64 arrived)
{
	itrace_cost_in_between(arrived);
	__this_cpu_add(own_ns, READ_ONCE(figures.probe));
}
