// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program of single events is told: fills a walk's context. What does not change during the walk was written when it
 * began, the rest is at each event.
 */
#include <linux/build_bug.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "trace.h"
#include "trace_fill.h"

void itrace_event_rule(struct itrace_walk *walk, const char *chain, const char *type,
		       unsigned int number)
{
	struct iptables_trace_ctx *ctx = walk->ctx;

	itrace_fill_moment(ctx, walk, IPTABLES_TRACE_RULE, ktime_get_mono_fast_ns());
	itrace_fill_packet(ctx, walk->at.skb);
	ctx->rule_type = itrace_rule_type(type);
	ctx->rule_number = number;
	itrace_name_chain(walk, chain);
	memcpy(ctx->chain, walk->chain_name, sizeof(ctx->chain));
}

/* The packet as it is now, unless it is gone. */
static void fill_packet_if_there(struct itrace_walk *walk, bool gone)
{
	if (gone)
		walk->ctx->flags |= IPTABLES_TRACE_F_STOLEN;
	else
		itrace_fill_packet(walk->ctx, walk->at.skb);
}

#if IS_ENABLED(CONFIG_NF_TABLES)
void itrace_event_rule_nft(struct itrace_walk *walk, const struct itrace_nft_report *report)
{
	struct iptables_trace_ctx *ctx = walk->ctx;

	ctx->rule_type = report->type;
	ctx->verdict = report->verdict;
	itrace_nft_name_chain(walk, report->chain);
	memcpy(ctx->chain, walk->chain_name, sizeof(ctx->chain));
	ctx->handle = report->handle;
	itrace_fill_moment(ctx, walk, IPTABLES_TRACE_RULE, ktime_get_mono_fast_ns());
	fill_packet_if_there(walk, report->gone);
}
#endif

/* gone: the packet is not there any more. */
void itrace_event_leave(struct itrace_walk *walk, unsigned int verdict, bool gone)
{
	struct iptables_trace_ctx *ctx = walk->ctx;

	itrace_fill_no_rule(ctx, walk);
	itrace_fill_moment(ctx, walk, IPTABLES_TRACE_LEAVE, ktime_get_mono_fast_ns());
	fill_packet_if_there(walk, gone);
	if (gone || (verdict & NF_VERDICT_MASK) == NF_DROP)
		ctx->flags |= IPTABLES_TRACE_F_TERMINAL;
	ctx->verdict = verdict;
	ctx->duration_ns = ctx->time_ns - walk->began_ns;
	ctx->ruleset = itrace_ruleset_now(walk);
}

/* As the match mac asks for it, which is only for what has come in: what TCP sends may have anything in the place of its device. */
static bool has_ether(const struct itrace_walk *walk)
{
	const struct sk_buff *skb = walk->at.skb;

	return walk->at.state->in && skb->dev && skb->dev->type == ARPHRD_ETHER &&
	       skb_mac_header_was_set(skb) && skb_mac_header(skb) + ETH_HLEN <= skb->data;
}

/*
 * What the walk's matches have said since the event before, of which all else is; stolen: the packet is not there any more.
 * Behind them there is room for one more.
 */
void itrace_event_matches(struct itrace_walk *walk, struct iptables_trace_match *matches,
			  unsigned int count, bool stolen)
{
	struct iptables_trace_ether *ether = (void *)(matches + count);
	struct iptables_trace_ctx *ctx = walk->ctx;

	BUILD_BUG_ON(sizeof(*ether) > sizeof(*matches));
	itrace_fill_no_rule(ctx, walk);
	itrace_fill_moment(ctx, walk, IPTABLES_TRACE_MATCHES, ktime_get_mono_fast_ns());
	if (stolen)
		ctx->flags |= IPTABLES_TRACE_F_STOLEN;
	ctx->verdict = 0;
	ctx->matches = (unsigned long)matches;
	ctx->match_count = count;
	ctx->ether = !stolen && has_ether(walk);
	if (ctx->ether) {
		memcpy(ether->source, eth_hdr(walk->at.skb)->h_source, sizeof(ether->source));
		memset(ether->reserved, 0, sizeof(ether->reserved));
	}
}
