// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mark, skb->nf_trace. It has the kernel tell of each rule that the packet meets, by nf_log_trace() or, in nf_tables,
 * nft_trace_notify(), and nothing else of it may be seen: no line in the kernel log, no message to who listens for traces of
 * nf_tables, no mark on the packet outside of the table or on a copy of it. A trace that the user has asked for is left as
 * it is.
 */
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "trace.h"
#include "trace_args.h"

#define HAS_MARK	(IS_ENABLED(CONFIG_NETFILTER_XT_TARGET_TRACE) || \
			 IS_ENABLED(CONFIG_NF_TABLES))

static bool mark_of(const struct sk_buff *skb)
{
#if HAS_MARK
	return skb->nf_trace;
#else
	return false;
#endif
}

static void set_mark(struct sk_buff *skb, bool value)
{
#if HAS_MARK
	skb->nf_trace = value;
#endif
}

/* In the place of functions that return nothing. */
static noinline notrace void do_nothing(void)
{
	barrier();
}

/* Has the probed function, at its entry, do nothing; for the handler of a hook that diverts to return. */
int itrace_hook_skip(struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)do_nothing);
	return 1;
}

NOKPROBE_SYMBOL(itrace_hook_skip);

/* Whether the kernel tells us of the rules of packets that are marked. */
static bool told_of_rules(const struct itrace_walk *walk)
{
	if (!walk->at.table)
		return itrace_nft_can_mark();
	return IS_ENABLED(CONFIG_NETFILTER_XT_TARGET_TRACE) &&
	       itrace_hook_in_place(IPTABLES_TRACE_HOOK_RULE);
}

/* A walk begins; wanted: somebody wants to hear of its rules. */
void itrace_mark(struct itrace_walk *walk, bool wanted)
{
	walk->users = mark_of(walk->at.skb);
	walk->marked = wanted && told_of_rules(walk);
	walk->untold = wanted && !walk->marked && !walk->at.table;
	if (walk->marked && !walk->users)
		set_mark(walk->at.skb, true);
}

/* It ends, and the packet is still there. */
void itrace_unmark(const struct itrace_walk *walk)
{
	if (walk->marked && !walk->users)
		set_mark(walk->at.skb, false);
}

/* For the handler of nf_log_trace() to return: a line that only we have asked for does not go to the log. */
int itrace_mark_silence(const struct itrace_walk *walk, struct pt_regs *regs)
{
	return walk->marked && !walk->users ? itrace_hook_skip(regs) : 0;
}

/* The user's TRACE marks a packet that we may have marked before: from here on the mark is the user's. */
int itrace_mark_user_trace(struct kprobe *probe, struct pt_regs *regs)
{
	struct itrace_walk *walk = itrace_packet_walk(itrace_target_skb_arg(regs));

	if (walk)
		walk->users = true;
	return 0;
}

NOKPROBE_SYMBOL(itrace_mark_user_trace);

/* TEE copies the packet, mark and all, and sends the copy: the mark steps aside for so long if it is ours. */
int itrace_mark_dup_enter(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct sk_buff *skb = itrace_dup_skb_arg(regs);
	const struct itrace_walk *walk = itrace_packet_walk(skb);

	if (!walk || !walk->marked || walk->users)
		return 1;
	set_mark(skb, false);
	*(struct sk_buff **)instance->data = skb;
	return 0;
}

NOKPROBE_SYMBOL(itrace_mark_dup_enter);

int itrace_mark_dup_leave(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	set_mark(*(struct sk_buff **)instance->data, true);
	return 0;
}

NOKPROBE_SYMBOL(itrace_mark_dup_leave);
