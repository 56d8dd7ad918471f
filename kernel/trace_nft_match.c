// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the matches of x_tables say that stand in rules of nf_tables, by way of nft_compat, and what they cost.
 *
 * Each of them is an expression that calls the match. It is probed, and where a walk is observed another function takes its
 * place, which calls it and takes note. That costs everybody's packets a probe for each match; without sessions that observe
 * matches there is none.
 *
 * Which rule an expression is of is known by where it stands: the rules of a chain are one piece of memory, or one array, for
 * each generation. A walk goes through them from the first to the last, so they are counted once as it goes. It may stand in a
 * chain for each jump that it is to come back from.
 */
#include <linux/bottom_half.h>
#include <linux/kprobes.h>
#include <linux/netfilter/x_tables.h>
#include <linux/perf_event.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "trace.h"
#include "trace_copy.h"
#include "trace_nft.h"
#include "compat/nft_rules.h"

/* A walk that sessions may want observed begins. */
void itrace_nft_observe_begin(const struct itrace_running *running, struct itrace_walk *walk)
{
	struct itrace_nft_course *course = &walk->course;

	/* A chain's matches end where the kernel tells of a rule. */
	if (!walk->marked || !itrace_hook_in_place(IPTABLES_TRACE_HOOK_NFT_MATCH) ||
	    !itrace_hook_in_place(IPTABLES_TRACE_HOOK_NFT_LARGE_MATCH))
		return;
	walk->observers = itrace_observers(running, walk);
	course->depth = 0;
	course->place[0].chain = walk->at.chain;
	course->place[0].rule = NULL;
	course->asking = NULL;
	course->count = 0;
}

static void go_to(struct itrace_nft_place *place, const struct nft_chain *chain)
{
	place->chain = chain;
	place->rule = NULL;
}

/* A rule of a chain, or its end, has been told of: where the walk goes on. to: where a jump goes. */
void itrace_nft_observe_course(struct itrace_walk *walk, const struct nft_chain *chain, u32 verdict,
			       bool end, const struct nft_chain *to)
{
	struct itrace_nft_course *course = &walk->course;
	struct itrace_nft_place *place = &course->place[course->depth];

	/* A report may have been missed. */
	if (unlikely(place->chain != chain))
		go_to(place, chain);
	if (end || verdict == NFT_RETURN) {
		if (course->depth)
			course->depth--;
	} else if (verdict == NFT_GOTO) {
		go_to(place, to);
	} else if (verdict == NFT_JUMP && course->depth + 1 < ARRAY_SIZE(course->place)) {
		go_to(&course->place[++course->depth], to);
	}
}

static bool has(const void *rule, const struct nft_expr *expr)
{
	unsigned int size;
	const void *exprs = compat_nft_exprs(rule, &size);

	return (const void *)expr >= exprs && (const void *)expr < exprs + size;
}

static bool find_from(struct itrace_nft_place *place, const void *rule, u32 number,
		      const struct nft_expr *expr)
{
	for (; !compat_nft_ends(rule); rule = compat_nft_next(rule), number++) {
		if (!has(rule, expr))
			continue;
		place->rule = rule;
		place->number = number;
		return true;
	}
	return false;
}

/* Goes on to the rule that has the expression. */
static bool find_rule(struct itrace_nft_place *place, const struct nft_expr *expr)
{
	unsigned int generation;

	if (place->rule && find_from(place, place->rule, place->number, expr))
		return true;
	for (generation = 0; generation < 2; generation++) {
		const void *first = compat_nft_first(place->chain, generation, expr);

		if (first && find_from(place, first, 1, expr))
			return true;
	}
	return false;
}

/* Which of the rule's matches it is. */
static unsigned int index_of(const void *rule, const struct nft_expr *expr)
{
	unsigned int size, index = 0;
	const struct nft_expr *at;

	for (at = compat_nft_exprs(rule, &size); at < expr; at = (const void *)at + at->ops->size)
		if (at->ops->type == expr->ops->type)
			index++;
	return index;
}

/* 0: it is of no rule that is known. */
static void note_place(struct itrace_walk *walk, const struct nft_expr *expr,
		       struct iptables_trace_match *note)
{
	struct itrace_nft_place *place = &walk->course.place[walk->course.depth];

	note->rule_number = 0;
	note->index = 0;
	if (unlikely(!find_rule(place, expr)))
		return;
	note->rule_number = place->number;
	note->index = min_t(unsigned int, index_of(place->rule, expr), U8_MAX);
}

/* nft_compat keeps what a match is told beside the expression if it is large. */
static u32 prog_id_of(const struct nft_expr *expr)
{
	const struct xt_match *match = expr->ops->data;
	enum itrace_runs runs = itrace_runs_of(match);
	const void *matchinfo = nft_expr_priv(expr);

	if (likely(runs == ITRACE_RUNS_NOTHING))
		return 0;
	if (match->matchsize > expr->ops->size - sizeof(*expr))
		matchinfo = *(void *const *)matchinfo;
	return itrace_prog_id(runs, matchinfo);
}

/* Hands over what the walk has noted. stolen: the packet is not there any more. With preemption off. */
void itrace_nft_report_matches(const struct itrace_running *running, struct itrace_walk *walk,
			       const struct pt_regs *regs, bool stolen)
{
	struct itrace_nft_course *course = &walk->course;

	if (!course->count)
		return;
	if (itrace_cost_wanted(&walk->cost))
		itrace_cost_nft_matches(course->notes, course->count);
	itrace_event_matches(walk, course->notes, course->count, stolen);
	itrace_progs_run_matches(running, walk, regs);
	walk->ctx->matches = 0;
	walk->ctx->match_count = 0;
	walk->ctx->ether = 0;
	course->count = 0;
}

/* No probe has been hit here, so the registers are those that perf takes for a tracepoint. */
static noinline void report_in_between(struct itrace_walk *walk)
{
	const struct itrace_running *running;
	struct pt_regs regs;
	u64 began;

	local_bh_disable();
	began = itrace_cost_now();
	running = rcu_dereference_sched(itrace_running);
	memset(&regs, 0, sizeof(regs));
	perf_fetch_caller_regs(&regs);
	if (running)
		itrace_nft_report_matches(running, walk, &regs, false);
	walk->course.count = 0;
	if (itrace_cost_wanted(&walk->cost))
		itrace_cost_in_between(began);
	local_bh_enable();
}

/* Of a walk that is observed: asks the match, for which the probe lets it through. */
static void ask(struct itrace_walk *walk, const struct nft_expr *expr, struct nft_regs *regs,
		const struct nft_pktinfo *pkt)
{
	struct itrace_nft_course *course = &walk->course;
	struct iptables_trace_match *note;
	u64 began;

	if (unlikely(course->count == ITRACE_NFT_NOTES))
		report_in_between(walk);
	note = &course->notes[course->count];
	note_place(walk, expr, note);
	note->prog_id = prog_id_of(expr);

	course->asking = expr;
	began = ktime_get_mono_fast_ns();
	expr->ops->eval(expr, regs, pkt);
	note->duration_ns = min_t(u64, ktime_get_mono_fast_ns() - began, U32_MAX);
	course->asking = NULL;

	note->flags = regs->verdict.code == NFT_CONTINUE ? IPTABLES_TRACE_MATCH_YES :
		      regs->verdict.code == NF_DROP ? IPTABLES_TRACE_MATCH_HOTDROP : 0;
	note->reserved = 0;
	course->count++;
}

/* In the place of nft_match_eval() and nft_match_large_eval(). */
static noinline notrace void eval(const struct nft_expr *expr, struct nft_regs *regs,
				  const struct nft_pktinfo *pkt)
{
	struct itrace_walk *walk;

	preempt_disable();
	walk = itrace_walk_of_pkt(pkt);
	preempt_enable();
	if (likely(walk && walk->observers))
		ask(walk, expr, regs, pkt);
	else
		expr->ops->eval(expr, regs, pkt);
}

/* A match is about to be asked. */
int itrace_nft_match(struct kprobe *probe, struct pt_regs *regs)
{
	u64 arrived = itrace_cost_now();
	struct itrace_walk *walk = itrace_walk_of_pkt(itrace_eval_pkt_arg(regs));

	if (likely(!walk || !walk->observers)) {
		if (itrace_cost_measured())
			itrace_cost_aside(arrived);
		return 0;
	}
	if (walk->course.asking == itrace_eval_expr_arg(regs))
		return 0;
	instruction_pointer_set(regs, (unsigned long)eval);
	return 1;
}

NOKPROBE_SYMBOL(itrace_nft_match);
