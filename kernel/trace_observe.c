// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the matches of rules say to a packet that is traced, and what they cost.
 *
 * The walk goes through a copy of the rules (trace_copy.c), whose matches call itrace_observe_match(). It may do so as long
 * as x_tables does not free what the rules point to. When x_tables has replaced rules it waits for every CPU whose
 * xt_recseq says that a packet is in a table. So this says so first, looks then which rules the table has, and goes on
 * saying so until the walk is over; what the walker itself does to xt_recseq meanwhile counts as nested. As that is said of
 * a CPU, the task stays on it, and no softirq runs before the walker has turned them off. A walk that begins meanwhile, of a
 * packet that a target sends or of a softirq at the walker's end, ends before.
 */
#include <linux/bottom_half.h>
#include <linux/bpf.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_bpf.h>
#include <linux/percpu.h>
#include <linux/perf_event.h>
#include <linux/preempt.h>
#include <linux/sched/clock.h>
#include <linux/string.h>

#include "match_run.h"
#include "trace.h"
#include "trace_args.h"
#include "trace_copy.h"
#include "uapi/xt_ebpf.h"

/* Of a CPU. Walks that are observed nest, and so do the notes that each has yet to report: the innermost one's are last. */
struct observation {
	struct itrace_walk *walk;	/* the innermost */
	unsigned int count;
	struct iptables_trace_match notes[IPTABLES_TRACE_MATCHES_MAX + 1];	/* the last is for a header */
	struct tasklet_struct wakeup;
};

static struct observation __percpu *observations;

/*
 * The counters of rules are shared where each CPU has its own, and in the rules where there is only one. On PREEMPT_RT
 * softirqs are turned off by a lock that may sleep. A probe that is a breakpoint is hit as if by an NMI on x86. A kernel
 * that does not tell of rules does not tell where a chain's matches end.
 */
bool itrace_observe_possible(void)
{
	return nr_cpu_ids > 1 && !IS_ENABLED(CONFIG_PREEMPT_RT) &&
	       IS_ENABLED(CONFIG_NETFILTER_XT_TARGET_TRACE) &&
	       (IS_ENABLED(CONFIG_KPROBES_ON_FTRACE) || !IS_ENABLED(CONFIG_X86)) &&
	       compat_has_recseq();
}

static void do_nothing(struct tasklet_struct *wakeup)
{
}

int itrace_observe_alloc(void)
{
	int cpu;

	observations = alloc_percpu(struct observation);
	if (!observations)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		tasklet_setup(&per_cpu_ptr(observations, cpu)->wakeup, do_nothing);
	return 0;
}

/* When all walks are over. */
void itrace_observe_free(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(observations, cpu)->wakeup);
	free_percpu(observations);
	observations = NULL;
}

static void hold_rules(struct itrace_walk *walk)
{
	preempt_disable();
	local_bh_disable();
	walk->softirqs_off = true;
	walk->recseq = xt_write_recseq_begin();
}

/* Without running them: see below. */
static void turn_softirqs_on(struct itrace_walk *walk)
{
	unsigned long flags;

	walk->softirqs_off = false;
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return;
	local_irq_save(flags);
	_local_bh_enable();
	local_irq_restore(flags);
}

/*
 * Softirqs that have come during the walk are run where the walker turns them on at its end, as ever, if it has had them
 * off alone since its last rule. Only where no rule was seen it is too late for that. They must not run here, in a probe's
 * handler, where probes would miss all that they do, and the task may go on for long without turning them off and on
 * again. So ksoftirqd is woken, as it is for a tasklet.
 */
static void let_go_of_rules(struct itrace_walk *walk)
{
	xt_write_recseq_end(walk->recseq);
	if (walk->softirqs_off) {
		turn_softirqs_on(walk);
		if (unlikely(!in_interrupt() && local_softirq_pending()))
			tasklet_schedule(this_cpu_ptr(&observations->wakeup));
	}
	preempt_enable();
}

/* A softirq may come in between: it can only make the second a little longer. */
static bool within_budget(const struct itrace_session *session)
{
	struct itrace_counters *counters = this_cpu_ptr(session->counters);

	if (!session->budget)
		return true;
	if (jiffies - counters->second >= HZ) {
		counters->second = jiffies;
		counters->matches_before = counters->matches;
	}
	return counters->matches - counters->matches_before < session->budget;
}

static bool wants(const struct itrace_session *session, const struct itrace_walk *walk)
{
	return session->prog[IPTABLES_TRACE_MATCHES] &&
	       itrace_session_selected(session, walk->packet);
}

/* The sessions that are to hear of the walk's matches, as bits of their slots. */
unsigned int itrace_observers(const struct itrace_running *running,
			      const struct itrace_walk *walk)
{
	unsigned int slots = 0;
	unsigned int i;

	for (i = 0; i < running->count; i++) {
		const struct itrace_session *session = running->session[i];

		if (!wants(session, walk))
			continue;
		if (within_budget(session))
			slots |= BIT(session->slot);
		else
			this_cpu_inc(session->counters->unobserved_busy);
	}
	return slots;
}

static void count_unknown(const struct itrace_running *running, unsigned int slots)
{
	unsigned int i;

	for (i = 0; i < running->count; i++)
		if (slots & BIT(running->session[i]->slot))
			this_cpu_inc(running->session[i]->counters->unobserved_unknown);
}

/* A walk that sessions may want observed begins. In the handler of a table's entry, with its registers. */
void itrace_observe_begin(const struct itrace_running *running, struct itrace_walk *walk,
			  struct pt_regs *regs)
{
	unsigned int slots = itrace_observers(running, walk);
	const struct xt_table *copy;
	struct observation *here;

	if (!slots)
		return;
	hold_rules(walk);
	copy = itrace_copy_find(walk->at.table);
	walk->copy = copy;
	if (!copy) {
		let_go_of_rules(walk);
		count_unknown(running, slots);
		return;
	}

	here = this_cpu_ptr(observations);
	walk->outer = here->walk;
	walk->first_note = here->count;
	walk->observers = slots;
	here->walk = walk;
	itrace_set_arg(regs, ITRACE_TABLE_ARG, (unsigned long)copy);
}

/* Hands over what the walk, which is the innermost, has noted. */
static void report(struct observation *here, const struct itrace_running *running,
		   const struct pt_regs *regs, bool stolen)
{
	struct itrace_walk *walk = here->walk;

	if (itrace_cost_wanted(&walk->cost))
		itrace_cost_matches(here->notes + walk->first_note, here->count - walk->first_note);
	itrace_event_matches(walk, here->notes + walk->first_note, here->count - walk->first_note,
			     stolen);
	itrace_progs_run_matches(running, walk, regs);
	walk->ctx->matches = 0;
	walk->ctx->match_count = 0;
	walk->ctx->ether = 0;
	here->count = walk->first_note;
}

/* The walk is at a rule whose matches have all said yes, or goes back from a chain. The walker has softirqs off itself. */
void itrace_observe_rule(const struct itrace_running *running, struct itrace_walk *walk,
			 const struct pt_regs *regs)
{
	struct observation *here = this_cpu_ptr(observations);

	if (walk->softirqs_off)
		turn_softirqs_on(walk);
	if (here->count > walk->first_note)
		report(here, running, regs, false);
}

/* The table has judged the packet. stolen: it is not there any more. */
void itrace_observe_rest(const struct itrace_running *running, const struct itrace_walk *walk,
			 const struct pt_regs *regs, bool stolen)
{
	struct observation *here = this_cpu_ptr(observations);

	if (here->count > walk->first_note)
		report(here, running, regs, stolen);
}

/* An observed walk is over. The last that a handler does: an interrupt that comes after it may run softirqs. */
void itrace_observe_end(struct itrace_walk *walk)
{
	struct observation *here = this_cpu_ptr(observations);

	/* What nobody has cared to hear. */
	here->count = walk->first_note;
	here->walk = walk->outer;
	let_go_of_rules(walk);
}

/* No probe has been hit here, so the registers are those that perf takes for a tracepoint. */
static noinline void report_in_between(struct observation *here)
{
	const struct itrace_running *running = rcu_dereference_sched(itrace_running);
	u64 began = itrace_cost_now();
	struct pt_regs regs;

	if (!running) {
		here->count = here->walk->first_note;
		return;
	}
	memset(&regs, 0, sizeof(regs));
	perf_fetch_caller_regs(&regs);
	report(here, running, &regs, false);
	if (itrace_cost_wanted(&here->walk->cost))
		itrace_cost_in_between(began);
}

/* The program that a match is about to run. A swap right now decides whether it is this one or the next. */
noinline u32 itrace_prog_id(enum itrace_runs runs, const void *matchinfo)
{
	const struct xt_bpf_info_v1 *in_tree = matchinfo;
	const struct xt_ebpf_info *ours = matchinfo;
	const struct bpf_prog *prog = in_tree->filter;

	BUILD_BUG_ON(offsetof(struct xt_bpf_info, filter) !=
		     offsetof(struct xt_bpf_info_v1, filter));
	if (runs == ITRACE_RUNS_RULE)
		prog = match_run_prog(READ_ONCE(*(const unsigned long *)ours->rule));
	return prog->aux->id;
}

static void note_match(struct observation *here, const struct itrace_place *place, bool yes,
		       bool hotdrop, u64 took, u32 id)
{
	struct iptables_trace_match *note = &here->notes[here->count++];

	note->rule_number = place->rule;
	note->index = place->index;
	note->flags = (yes ? IPTABLES_TRACE_MATCH_YES : 0) |
		      (hotdrop ? IPTABLES_TRACE_MATCH_HOTDROP : 0);
	note->reserved = 0;
	note->duration_ns = min_t(u64, took, U32_MAX);
	note->prog_id = id;
	if (unlikely(here->count == IPTABLES_TRACE_MATCHES_MAX))
		report_in_between(here);
}

/* In the place of every match of a copy, called by the walker: asks the match. */
bool itrace_observe_match(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct itrace_stand_in *stand_in =
		container_of(par->match, struct itrace_stand_in, match);
	const struct xt_match *match = stand_in->original;
	const void *matchinfo = par->matchinfo;
	u32 id = 0;
	u64 began;
	bool yes;

	if (unlikely(stand_in->runs != ITRACE_RUNS_NOTHING))
		id = itrace_prog_id(stand_in->runs, matchinfo);
	par->match = match;
	began = sched_clock();
	yes = match->match(skb, par);
	note_match(this_cpu_ptr(observations), itrace_place_of(matchinfo), yes, par->hotdrop,
		   sched_clock() - began, id);
	return yes;
}

static bool say_no(const struct sk_buff *skb, struct xt_action_param *par)
{
	return false;
}

/* Asks a match that does nothing so many times, and returns the time of all together. */
#define TIMES		16

static u64 ask(const struct xt_match *match, void *matchinfo)
{
	struct xt_action_param par = { .matchinfo = matchinfo };
	u64 began = sched_clock();
	unsigned int i;

	for (i = 0; i < TIMES; i++) {
		par.match = match;
		OPTIMIZER_HIDE_VAR(match);
		match->match(NULL, &par);
	}
	return sched_clock() - began;
}

/* What a match takes more if it is observed, and, of that, what it itself seems to take. With preemption disabled. */
static void measure(u32 *beside, u32 *within)
{
	static const struct xt_match nothing = { .match = say_no };
	const struct itrace_stand_in stand_in = {
		.match		= { .match = itrace_observe_match },
		.original	= &nothing,
	};
	struct xt_entry_match entry = {};
	struct observation *here;
	u64 alone, observed, noted = 0;
	unsigned int first, i;

	BUILD_BUG_ON(IPTABLES_TRACE_MATCHES_MAX <= TIMES);
	alone = ask(&nothing, entry.data);
	/* No walk is observed on this CPU now, and none begins. */
	local_bh_disable();
	here = this_cpu_ptr(observations);
	first = here->count;
	observed = ask(&stand_in.match, entry.data);
	for (i = first; i < here->count; i++)
		noted += here->notes[i].duration_ns;
	here->count = first;
	local_bh_enable();
	*beside = (observed - min(observed, alone)) / TIMES;
	*within = (noted - min(noted, alone)) / TIMES;
}

u32 itrace_observe_beside(void)
{
	u32 beside, within;

	measure(&beside, &within);
	return beside;
}

u32 itrace_observe_within(void)
{
	u32 beside, within;

	measure(&beside, &within);
	return within;
}
