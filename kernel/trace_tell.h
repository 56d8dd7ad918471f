/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How programs hear of a walk: event by event as it goes on, or of the whole when it is over. A program run and a record of
 * its own for each event are most of what an event costs, so the latter is for who can wait. Written into the probes' handlers.
 */
#ifndef _IPTABLES_TRACE_TELL_H
#define _IPTABLES_TRACE_TELL_H

#include <linux/compiler.h>
#include <linux/kernel.h>

#include "trace.h"
#include "trace_args.h"
#include "trace_note.h"

#if IS_ENABLED(CONFIG_NF_TABLES)
#include "trace_nft.h"
#endif

/*
 * A walk has begun within another one, of which is told first what there is. That one waits for this, as both are of one thread
 * of execution.
 */
static noinline void itrace_tell_parent(const struct itrace_running *running,
					struct itrace_walk *walk, const struct pt_regs *regs)
{
	struct itrace_walk *parent = READ_ONCE(walk->parent->walk);

	if (!parent || parent->id != walk->parent_id || !parent->wholly)
		return;
	itrace_note_state_before(parent);
	itrace_progs_run_traversal(running, parent, regs);
}

static __always_inline void itrace_tell_enter(const struct itrace_running *running,
					      struct itrace_walk *walk, const struct pt_regs *regs)
{
	itrace_note_enter(walk);
	if (unlikely(walk->parent))
		itrace_tell_parent(running, walk, regs);
	if (walk->singly)
		itrace_progs_run_enter(running, walk, regs);
}

/* For the note of another rule. */
static __always_inline void itrace_tell_make_room(const struct itrace_running *running,
						  struct itrace_walk *walk,
						  const struct pt_regs *regs)
{
	if (unlikely(walk->noted == ARRAY_SIZE(walk->whole.rules)))
		itrace_progs_run_traversal(running, walk, regs);
}

/* regs: of nf_log_trace(). */
static __always_inline void itrace_tell_rule(const struct itrace_running *running,
					     struct itrace_walk *walk, struct pt_regs *regs)
{
	const char *chain = itrace_log_chain_arg(regs);
	const char *type = itrace_log_type_arg(regs);
	unsigned int number = itrace_log_rule_arg(regs);

	if (walk->wholly) {
		itrace_tell_make_room(running, walk, regs);
		itrace_note_rule(walk, chain, type, number);
	}
	if (walk->singly) {
		itrace_event_rule(walk, chain, type, number);
		itrace_progs_run_rule(running, walk, regs);
	}
}

#if IS_ENABLED(CONFIG_NF_TABLES)
static __always_inline void itrace_tell_rule_nft(const struct itrace_running *running,
						 struct itrace_walk *walk,
						 const struct pt_regs *regs,
						 const struct itrace_nft_report *report)
{
	if (walk->wholly) {
		itrace_tell_make_room(running, walk, regs);
		itrace_note_rule_nft(walk, report);
	}
	if (walk->singly) {
		itrace_event_rule_nft(walk, report);
		itrace_progs_run_rule(running, walk, regs);
	}
}
#endif

/* gone: the packet is not there any more. */
static __always_inline void itrace_tell_leave(const struct itrace_running *running,
					      struct itrace_walk *walk, const struct pt_regs *regs,
					      unsigned int verdict, bool gone)
{
	/* Once for both: what is missed while one of them is told would lie in no walk of the other's. */
	walk->missed = itrace_hooks_missed_sum();
	if (walk->wholly) {
		itrace_note_end(walk, verdict, gone);
		itrace_progs_run_traversal(running, walk, regs);
	}
	if (walk->singly) {
		itrace_event_leave(walk, verdict, gone);
		itrace_progs_run_leave(running, walk, regs);
	}
}

#endif
