/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walk is noted from its beginning on: what does not change during it, for all its events; and behind that, for programs of
 * whole traversals, each rule and the end. Written into the probes' handlers.
 */
#ifndef _IPTABLES_TRACE_NOTE_H
#define _IPTABLES_TRACE_NOTE_H

#include <linux/netfilter.h>
#include <linux/timekeeping.h>

#include "trace.h"
#include "trace_fill.h"

/* Of the walk that has just begun, for programs of whole traversals; their context is not one for single events any more. */
static __always_inline void itrace_note_beginning(struct itrace_walk *walk)
{
	struct iptables_trace_traversal *whole = &walk->whole;
	const struct iptables_trace_ctx *enter = &whole->enter;

	walk->parts = IPTABLES_TRACE_PART_ENTER;
	walk->noted = 0;
	walk->entry.flags = enter->flags;
	walk->entry.missed = walk->missed;
	walk->entry.replacements = walk->replacements;
	walk->entry.length = enter->length;
	walk->entry.header_len = enter->header_len;
	walk->changed = false;

	whole->left.header_len = enter->header_len;
	whole->left.reserved = 0;
	memset(whole->left.reserved2, 0, sizeof(whole->left.reserved2));

	/* Also of who hears of matches alone. */
	if (walk->singly || walk->observers) {
		walk->single = *enter;
		walk->ctx = &walk->single;
	}
}

static __always_inline void itrace_note_enter(struct itrace_walk *walk)
{
	const struct nf_hook_state *state = walk->at.state;
	struct iptables_trace_ctx *ctx = &walk->whole.enter;
	bool owned;

	BUILD_BUG_ON(sizeof(ctx->in_name) != sizeof(state->in->name));

	/* What others have to be asked for comes first, as calls in between would make the rest longer. */
	walk->ctx = ctx;
	walk->missed = itrace_missed_at_least();
	walk->began_ns = ktime_get_mono_fast_ns();
	ctx->ruleset = itrace_ruleset_now(walk);
	owned = itrace_owner_fill(&ctx->owner, walk);

	walk->named = NULL;
	walk->flags = (walk->untold ? IPTABLES_TRACE_F_UNTOLD : 0) |
		      (walk->packet->guessed ? IPTABLES_TRACE_F_GUESSED : 0);
	itrace_fill_table(ctx, walk);
	itrace_fill_no_rule(ctx, walk);
	itrace_fill_moment(ctx, walk, IPTABLES_TRACE_ENTER, walk->began_ns);
	if (owned)
		ctx->flags |= IPTABLES_TRACE_F_OWNED;

	ctx->version = IPTABLES_TRACE_CTX_VERSION;
	ctx->size = sizeof(*ctx);
	ctx->family = walk->at.family;
	ctx->hook = state->hook;
	ctx->traversal = walk->id;
	ctx->netns_cookie = compat_net_cookie(state->net);
	ctx->netns_inum = state->net->ns.inum;
	ctx->verdict = 0;
	ctx->net_ns = 0;
	ctx->duration_ns = 0;
	ctx->matches = 0;
	ctx->match_count = 0;
	memset(ctx->reserved, 0, sizeof(ctx->reserved));
	ctx->reserved2 = 0;
	ctx->ether = 0;
	itrace_fill_device(state->in, &ctx->in_ifindex, ctx->in_name);
	itrace_fill_device(state->out, &ctx->out_ifindex, ctx->out_name);
	itrace_fill_packet(ctx, walk->at.skb);
	if (walk->wholly)
		itrace_note_beginning(walk);
}

static __always_inline u64 word_at(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static __always_inline bool same_bytes(const u8 *a, const u8 *b, unsigned int len)
{
	const unsigned int size = sizeof(u64);
	u64 differ = 0;
	unsigned int i;

	if (len < size)
		return !memcmp(a, b, len);
#pragma GCC unroll 4
	for (i = 0; i + size <= len; i += size)
		differ |= word_at(a + i) ^ word_at(b + i);
	differ |= word_at(a + len - size) ^ word_at(b + len - size);
	return !differ;
}

/* Most packets leave a table as they came. A program may have written into what they came as, but not into how long that is. */
static __always_inline bool begins_as_before(const struct sk_buff *skb,
					     const struct itrace_walk *walk)
{
	const u8 *begin = skb_network_header(skb);

	return itrace_length_of(skb) == walk->entry.length &&
	       skb_tail_pointer(skb) - begin >= walk->entry.header_len &&
	       same_bytes(begin, walk->whole.enter.header, walk->entry.header_len);
}

static __always_inline void note_state(struct itrace_walk *walk)
{
	struct iptables_trace_left *left = &walk->whole.left;
	const struct sk_buff *skb = walk->at.skb;
	struct itrace_connection connection = itrace_connection_of(skb);

	left->length = itrace_length_of(skb);
	left->mark = skb->mark;
	left->ct_state = connection.state;
	left->ct_status = connection.status;
	left->ct_mark = connection.mark;
}

/*
 * What the packet was at the last event, as what it is when it is not there any more. That is there already, unless the event was
 * its entry. Before that is told, in the middle of a walk, at the latest: programs may write into it.
 */
static __always_inline void itrace_note_state_before(struct itrace_walk *walk)
{
	const struct iptables_trace_ctx *enter = &walk->whole.enter;
	struct iptables_trace_left *left = &walk->whole.left;

	if (!(walk->parts & IPTABLES_TRACE_PART_ENTER) || walk->noted)
		return;
	left->length = enter->length;
	left->mark = enter->mark;
	left->ct_state = enter->ct_state;
	left->ct_status = enter->ct_status;
	left->ct_mark = enter->ct_mark;
}

static __always_inline void note_header(struct itrace_walk *walk)
{
	struct iptables_trace_traversal *whole = &walk->whole;
	const struct sk_buff *skb = walk->at.skb;

	walk->changed = unlikely(!begins_as_before(skb, walk));
	whole->left.header_len = walk->entry.header_len;
	if (walk->changed)
		whole->left.header_len =
			itrace_copy_header(skb, itrace_length_of(skb), whole->left_header);
}

/*
 * There is room. gone: the packet is not there any more; what it was at the event before is told then. In nf_tables each packet
 * that is dropped is gone in the end, in x_tables hardly any.
 */
static __always_inline struct iptables_trace_rule *itrace_note(struct itrace_walk *walk, bool gone)
{
	struct iptables_trace_rule *rule = &walk->whole.rules[walk->noted];
	const struct iptables_trace_left *left = &walk->whole.left;

	if (gone) {
		itrace_note_state_before(walk);
	} else {
		note_state(walk);
		if (!walk->at.table)
			note_header(walk);
	}
	walk->noted++;
	rule->mark = left->mark;
	rule->ct_mark = left->ct_mark;
	rule->time_ns = ktime_get_mono_fast_ns();
	rule->cpu = smp_processor_id();
	rule->flags = itrace_flags_of(walk) | (gone ? IPTABLES_TRACE_F_STOLEN : 0);
	rule->net_ns = walk->ctx->net_ns;
	memset(rule->reserved, 0, sizeof(rule->reserved));
	rule->reserved2 = 0;
	memcpy(rule->chain, walk->chain_name, sizeof(rule->chain));
	return rule;
}

static __always_inline void itrace_note_rule(struct itrace_walk *walk, const char *chain,
					     const char *type, unsigned int number)
{
	struct iptables_trace_rule *rule;

	itrace_name_chain(walk, chain);
	rule = itrace_note(walk, false);
	rule->rule_type = itrace_rule_type(type);
	rule->rule_number = number;
	rule->handle = 0;
	rule->verdict = 0;
}

#if IS_ENABLED(CONFIG_NF_TABLES)
static __always_inline void itrace_note_rule_nft(struct itrace_walk *walk,
						 const struct itrace_nft_report *report)
{
	struct iptables_trace_rule *rule;

	itrace_nft_name_chain(walk, report->chain);
	rule = itrace_note(walk, report->gone);
	rule->rule_type = report->type;
	rule->rule_number = 0;
	rule->handle = report->handle;
	rule->verdict = report->verdict;
}
#endif

static __always_inline void itrace_note_end(struct itrace_walk *walk, unsigned int verdict,
					    bool gone)
{
	struct iptables_trace_left *left = &walk->whole.left;

	walk->parts |= IPTABLES_TRACE_PART_LEAVE;
	if (!walk->at.table)
		itrace_nft_name_chain(walk, walk->at.chain);
	left->time_ns = ktime_get_mono_fast_ns();
	left->ruleset = itrace_ruleset_now(walk);
	left->cpu = smp_processor_id();
	left->flags = itrace_flags_of(walk);
	if (gone) {
		left->flags |= IPTABLES_TRACE_F_STOLEN;
		itrace_note_state_before(walk);
	} else {
		note_state(walk);
		note_header(walk);
	}
	if (walk->changed)
		walk->parts |= IPTABLES_TRACE_PART_HEADER;
	if (gone || (verdict & NF_VERDICT_MASK) == NF_DROP)
		left->flags |= IPTABLES_TRACE_F_TERMINAL;
	left->verdict = verdict;
	left->net_ns = walk->ctx->net_ns;
}

#endif
