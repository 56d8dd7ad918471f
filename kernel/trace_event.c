// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program is told: fills a walk's context. What does not change during the walk is written when it begins,
 * the rest at each event.
 */
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>

#include "trace.h"

#if IS_ENABLED(CONFIG_NF_TABLES)
#include "trace_nft.h"
#endif

static void fill_device(const struct net_device *device, u32 *ifindex, char *name)
{
	if (device) {
		*ifindex = device->ifindex;
		memcpy(name, device->name, IPTABLES_TRACE_IFNAME_LEN);
	} else {
		*ifindex = 0;
		memset(name, 0, IPTABLES_TRACE_IFNAME_LEN);
	}
}

static void fill_connection(struct iptables_trace_ctx *ctx, const struct sk_buff *skb)
{
	ctx->ct_state = IPTABLES_TRACE_CT_NONE;
	ctx->ct_status = 0;
	ctx->ct_mark = 0;
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	{
		enum ip_conntrack_info info;
		const struct nf_conn *ct = nf_ct_get(skb, &info);

		if (!ct) {
			if (info == IP_CT_UNTRACKED)
				ctx->ct_state = IPTABLES_TRACE_CT_UNTRACKED;
			return;
		}
		/* What -j CT hangs on a packet until its connection is looked up. */
		if (nf_ct_is_template(ct))
			return;
		ctx->ct_state = info;
		ctx->ct_status = READ_ONCE(ct->status);
#ifdef CONFIG_NF_CONNTRACK_MARK
		ctx->ct_mark = READ_ONCE(ct->mark);
#endif
	}
#endif
}

static void fill_packet(struct iptables_trace_ctx *ctx, const struct sk_buff *skb)
{
	const unsigned char *begin = skb_network_header(skb);
	unsigned int linear = skb_tail_pointer(skb) - begin;

	ctx->length = skb->len - skb_network_offset(skb);
	ctx->mark = skb->mark;
	fill_connection(ctx, skb);

	ctx->header_len = min_t(unsigned int, ctx->length, IPTABLES_TRACE_HEADER_LEN);
	if (likely(linear >= IPTABLES_TRACE_HEADER_LEN))
		memcpy(ctx->header, begin, IPTABLES_TRACE_HEADER_LEN);
	else if (ctx->header_len <= linear)
		memcpy(ctx->header, begin, ctx->header_len);
	else if (skb_copy_bits(skb, skb_network_offset(skb), ctx->header, ctx->header_len))
		ctx->header_len = 0;
}

static void fill_moment(struct itrace_walk *walk, u8 kind)
{
	struct iptables_trace_ctx *ctx = &walk->ctx;

	ctx->kind = kind;
	ctx->time_ns = ktime_get_mono_fast_ns();
	ctx->cpu = smp_processor_id();
	ctx->flags = walk->flags | (walk->users ? IPTABLES_TRACE_F_USER_TRACE : 0);
}

static void fill_no_rule(struct itrace_walk *walk)
{
	struct iptables_trace_ctx *ctx = &walk->ctx;

	ctx->rule_type = 0;
	ctx->rule_number = 0;
	if (walk->at.table) {
		walk->chain_name = NULL;
		ctx->chain[0] = '\0';
	} else {
		itrace_nft_describe_chain(walk, walk->at.chain);
	}
}

/* Of the whole: the rules that the table has now, and what has escaped the probes so far. */
static void fill_surroundings(struct itrace_walk *walk)
{
	const struct itrace_visit *at = &walk->at;

	if (at->table) {
		walk->ctx.ruleset = itrace_ruleset_of(at->table, &walk->replacements);
	} else {
		walk->ctx.ruleset = itrace_nft_generation(at->chain, at->state->net);
		walk->replacements = itrace_ruleset_replacements();
	}
	walk->missed = itrace_hooks_missed_sum();
}

static void fill_table(struct itrace_walk *walk)
{
	const struct xt_table *table = walk->at.table;
	struct iptables_trace_ctx *ctx = &walk->ctx;

	BUILD_BUG_ON(sizeof(ctx->table) != sizeof(table->name));

	ctx->priority = walk->at.order.priority;
	if (!table) {
		itrace_nft_describe(walk);
		return;
	}
	ctx->nft_family = 0;
	ctx->handle = 0;
	memcpy(ctx->table, table->name, sizeof(ctx->table));
}

void itrace_event_enter(struct itrace_walk *walk)
{
	const struct nf_hook_state *state = walk->at.state;
	struct iptables_trace_ctx *ctx = &walk->ctx;

	BUILD_BUG_ON(sizeof(ctx->in_name) != sizeof(state->in->name));

	ctx->version = IPTABLES_TRACE_CTX_VERSION;
	ctx->size = sizeof(*ctx);
	ctx->family = walk->at.family;
	ctx->hook = state->hook;
	ctx->traversal = walk->id;
	ctx->netns_cookie = compat_net_cookie(state->net);
	ctx->netns_inum = state->net->ns.inum;
	walk->flags = (walk->untold ? IPTABLES_TRACE_F_UNTOLD : 0) |
		      (walk->packet->guessed ? IPTABLES_TRACE_F_GUESSED : 0);
	fill_table(walk);
	fill_device(state->in, &ctx->in_ifindex, ctx->in_name);
	fill_device(state->out, &ctx->out_ifindex, ctx->out_name);
	ctx->matches = 0;
	ctx->match_count = 0;
	ctx->net_ns = 0;
	memset(ctx->reserved, 0, sizeof(ctx->reserved));
	ctx->reserved2 = 0;
	ctx->reserved3 = 0;

	fill_no_rule(walk);
	fill_moment(walk, IPTABLES_TRACE_ENTER);
	if (itrace_owner_fill(&ctx->owner, walk->at.skb, state))
		ctx->flags |= IPTABLES_TRACE_F_OWNED;
	fill_packet(ctx, walk->at.skb);
	fill_surroundings(walk);
	ctx->verdict = 0;
	ctx->duration_ns = 0;
	walk->began_ns = ctx->time_ns;
}

/* The kernel says "rule", "return" or "policy". */
static u8 rule_type(const char *word)
{
	switch (word[0]) {
	case 'p':
		return IPTABLES_TRACE_TYPE_POLICY;
	case 'r':
		return word[1] == 'u' ? IPTABLES_TRACE_TYPE_RULE : IPTABLES_TRACE_TYPE_RETURN;
	default:
		return IPTABLES_TRACE_TYPE_OTHER;
	}
}

/*
 * Mostly it is that of the rule before, and a name stays where it is as long as the walk goes on. No more is read than there
 * is of it: it may end where readable memory ends.
 */
static void fill_chain(struct itrace_walk *walk, const char *name)
{
	struct iptables_trace_ctx *ctx = &walk->ctx;
	unsigned int i;

	if (name == walk->chain_name)
		return;
	walk->chain_name = name;
	for (i = 0; i < sizeof(ctx->chain) - 1 && name[i]; i++)
		ctx->chain[i] = name[i];
	ctx->chain[i] = '\0';
}

void itrace_event_rule(struct itrace_walk *walk, const char *chain, const char *type,
		       unsigned int number)
{
	struct iptables_trace_ctx *ctx = &walk->ctx;

	fill_moment(walk, IPTABLES_TRACE_RULE);
	fill_packet(ctx, walk->at.skb);
	ctx->rule_type = rule_type(type);
	ctx->rule_number = number;
	fill_chain(walk, chain);
}

/* The packet as it is now, unless it is gone. */
static void fill_packet_if_there(struct itrace_walk *walk, bool gone)
{
	if (gone)
		walk->ctx.flags |= IPTABLES_TRACE_F_STOLEN;
	else
		fill_packet(&walk->ctx, walk->at.skb);
}

#if IS_ENABLED(CONFIG_NF_TABLES)
void itrace_event_rule_nft(struct itrace_walk *walk, const struct itrace_nft_report *report)
{
	struct iptables_trace_ctx *ctx = &walk->ctx;

	ctx->rule_type = report->type;
	ctx->verdict = report->verdict;
	itrace_nft_describe_chain(walk, report->chain);
	ctx->handle = report->handle;
	fill_moment(walk, IPTABLES_TRACE_RULE);
	fill_packet_if_there(walk, report->gone);
}
#endif

/* gone: the packet is not there any more. */
void itrace_event_leave(struct itrace_walk *walk, unsigned int verdict, bool gone)
{
	struct iptables_trace_ctx *ctx = &walk->ctx;

	fill_no_rule(walk);
	fill_moment(walk, IPTABLES_TRACE_LEAVE);
	fill_packet_if_there(walk, gone);
	if (gone || (verdict & NF_VERDICT_MASK) == NF_DROP)
		ctx->flags |= IPTABLES_TRACE_F_TERMINAL;
	ctx->verdict = verdict;
	ctx->duration_ns = ctx->time_ns - walk->began_ns;
	fill_surroundings(walk);
}

/* What the walk's matches have said since the event before, of which all else is; stolen: the packet is not there any more. */
void itrace_event_matches(struct itrace_walk *walk, const struct iptables_trace_match *matches,
			  unsigned int count, bool stolen)
{
	struct iptables_trace_ctx *ctx = &walk->ctx;

	fill_moment(walk, IPTABLES_TRACE_MATCHES);
	if (stolen)
		ctx->flags |= IPTABLES_TRACE_F_STOLEN;
	fill_no_rule(walk);
	ctx->matches = (unsigned long)matches;
	ctx->match_count = count;
}
