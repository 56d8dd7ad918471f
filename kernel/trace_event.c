// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program is told: fills a walk's context. What does not change during the walk is written when it begins,
 * the rest at each event. For programs of whole traversals, each event is noted behind that of the beginning.
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

/* What an event tells of the packet's connection. */
struct connection {
	u32 status;
	u32 mark;
	u8 state;
};

static __always_inline struct connection connection_of(const struct sk_buff *skb)
{
	struct connection connection = { .state = IPTABLES_TRACE_CT_NONE };

#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	{
		enum ip_conntrack_info info;
		const struct nf_conn *ct = nf_ct_get(skb, &info);

		if (!ct) {
			if (info == IP_CT_UNTRACKED)
				connection.state = IPTABLES_TRACE_CT_UNTRACKED;
			return connection;
		}
		/* What -j CT hangs on a packet until its connection is looked up. */
		if (nf_ct_is_template(ct))
			return connection;
		connection.state = info;
		connection.status = READ_ONCE(ct->status);
#ifdef CONFIG_NF_CONNTRACK_MARK
		connection.mark = READ_ONCE(ct->mark);
#endif
	}
#endif
	return connection;
}

static u32 length_of(const struct sk_buff *skb)
{
	return skb->len - skb_network_offset(skb);
}

/* The first bytes of a packet of that length; returns how many of them are its own. */
static __always_inline u16 copy_header(const struct sk_buff *skb, u32 length, u8 *header)
{
	const unsigned char *begin = skb_network_header(skb);
	unsigned int linear = skb_tail_pointer(skb) - begin;
	u16 len = min_t(u32, length, IPTABLES_TRACE_HEADER_LEN);

	if (likely(linear >= IPTABLES_TRACE_HEADER_LEN))
		memcpy(header, begin, IPTABLES_TRACE_HEADER_LEN);
	else if (len <= linear)
		memcpy(header, begin, len);
	else if (skb_copy_bits(skb, skb_network_offset(skb), header, len))
		return 0;
	return len;
}

static void fill_packet(struct iptables_trace_ctx *ctx, const struct sk_buff *skb)
{
	struct connection connection = connection_of(skb);

	ctx->length = length_of(skb);
	ctx->mark = skb->mark;
	ctx->ct_state = connection.state;
	ctx->ct_status = connection.status;
	ctx->ct_mark = connection.mark;
	ctx->header_len = copy_header(skb, ctx->length, ctx->header);
}

static u16 flags_of(const struct itrace_walk *walk)
{
	return walk->flags | (walk->users ? IPTABLES_TRACE_F_USER_TRACE : 0);
}

static void fill_moment(struct itrace_walk *walk, u8 kind)
{
	struct iptables_trace_ctx *ctx = walk->ctx;

	ctx->kind = kind;
	ctx->time_ns = ktime_get_mono_fast_ns();
	ctx->cpu = smp_processor_id();
	ctx->flags = flags_of(walk);
}

static void fill_no_rule(struct itrace_walk *walk)
{
	struct iptables_trace_ctx *ctx = walk->ctx;

	ctx->rule_type = 0;
	ctx->rule_number = 0;
	if (walk->at.table) {
		ctx->chain[0] = '\0';
	} else {
		itrace_nft_name_chain(walk, walk->at.chain);
		memcpy(ctx->chain, walk->chain_name, sizeof(ctx->chain));
		ctx->handle = walk->at.chain->handle;
	}
}

/* Of the whole: the rules that the table has now, and what has escaped the probes so far. */
static u64 surroundings_of(struct itrace_walk *walk)
{
	const struct itrace_visit *at = &walk->at;
	u64 ruleset;

	if (at->table) {
		ruleset = itrace_ruleset_of(at->table, &walk->replacements);
	} else {
		ruleset = itrace_nft_generation(at->chain, at->state->net);
		walk->replacements = itrace_ruleset_replacements();
	}
	walk->missed = itrace_hooks_missed_sum();
	return ruleset;
}

static void fill_table(struct itrace_walk *walk)
{
	const struct xt_table *table = walk->at.table;
	struct iptables_trace_ctx *ctx = walk->ctx;

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
	struct iptables_trace_ctx *ctx = walk->ctx;

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

	walk->named = NULL;
	fill_no_rule(walk);
	fill_moment(walk, IPTABLES_TRACE_ENTER);
	if (itrace_owner_fill(&ctx->owner, walk->at.skb, state))
		ctx->flags |= IPTABLES_TRACE_F_OWNED;
	fill_packet(ctx, walk->at.skb);
	ctx->ruleset = surroundings_of(walk);
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
 * is of it: it may end where readable memory ends. strscpy() takes twice as long for names as short as these.
 */
static __always_inline void name_chain(struct itrace_walk *walk, const char *name)
{
	char *to = walk->chain_name;
	const char *end = to + sizeof(walk->chain_name) - 1;

	if (name == walk->named)
		return;
	walk->named = name;
	while (to < end && *name)
		*to++ = *name++;
	*to = '\0';
}

void itrace_event_rule(struct itrace_walk *walk, const char *chain, const char *type,
		       unsigned int number)
{
	struct iptables_trace_ctx *ctx = walk->ctx;

	fill_moment(walk, IPTABLES_TRACE_RULE);
	fill_packet(ctx, walk->at.skb);
	ctx->rule_type = rule_type(type);
	ctx->rule_number = number;
	name_chain(walk, chain);
	memcpy(ctx->chain, walk->chain_name, sizeof(ctx->chain));
}

/* The packet as it is now, unless it is gone. */
static void fill_packet_if_there(struct itrace_walk *walk, bool gone)
{
	if (gone)
		walk->ctx->flags |= IPTABLES_TRACE_F_STOLEN;
	else
		fill_packet(walk->ctx, walk->at.skb);
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
	fill_moment(walk, IPTABLES_TRACE_RULE);
	fill_packet_if_there(walk, report->gone);
}
#endif

/* gone: the packet is not there any more. */
void itrace_event_leave(struct itrace_walk *walk, unsigned int verdict, bool gone)
{
	struct iptables_trace_ctx *ctx = walk->ctx;

	fill_no_rule(walk);
	fill_moment(walk, IPTABLES_TRACE_LEAVE);
	fill_packet_if_there(walk, gone);
	if (gone || (verdict & NF_VERDICT_MASK) == NF_DROP)
		ctx->flags |= IPTABLES_TRACE_F_TERMINAL;
	ctx->verdict = verdict;
	ctx->duration_ns = ctx->time_ns - walk->began_ns;
	ctx->ruleset = surroundings_of(walk);
}

/* Of the walk that has just begun, for programs of whole traversals; their context is not one for single events any more. */
void itrace_event_whole(struct itrace_walk *walk)
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

	/* As long as nothing else is known. */
	whole->left.mark = enter->mark;
	whole->left.ct_mark = enter->ct_mark;
	whole->left.length = enter->length;
	whole->left.ct_status = enter->ct_status;
	whole->left.ct_state = enter->ct_state;
	whole->left.header_len = enter->header_len;
	whole->left.reserved = 0;
	memset(whole->left.reserved2, 0, sizeof(whole->left.reserved2));

	/* Also of who hears of matches alone. */
	if (walk->singly || walk->observers) {
		walk->single = *enter;
		walk->ctx = &walk->single;
	}
}

static u64 word_at(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static bool same_bytes(const u8 *a, const u8 *b, unsigned int len)
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
static bool begins_as_before(const struct sk_buff *skb, const struct itrace_walk *walk)
{
	const u8 *begin = skb_network_header(skb);

	return length_of(skb) == walk->entry.length &&
	       skb_tail_pointer(skb) - begin >= walk->entry.header_len &&
	       same_bytes(begin, walk->whole.enter.header, walk->entry.header_len);
}

static __always_inline void note_state(struct itrace_walk *walk)
{
	struct iptables_trace_left *left = &walk->whole.left;
	const struct sk_buff *skb = walk->at.skb;
	struct connection connection = connection_of(skb);

	left->length = length_of(skb);
	left->mark = skb->mark;
	left->ct_state = connection.state;
	left->ct_status = connection.status;
	left->ct_mark = connection.mark;
}

static void note_header(struct itrace_walk *walk)
{
	struct iptables_trace_traversal *whole = &walk->whole;
	const struct sk_buff *skb = walk->at.skb;

	walk->changed = unlikely(!begins_as_before(skb, walk));
	whole->left.header_len = walk->entry.header_len;
	if (walk->changed)
		whole->left.header_len = copy_header(skb, length_of(skb), whole->left_header);
}

/*
 * There is room. gone: the packet is not there any more; what it was at the event before is told then. In nf_tables each packet
 * that is dropped is gone in the end, in x_tables hardly any.
 */
static __always_inline struct iptables_trace_rule *note(struct itrace_walk *walk, bool gone)
{
	struct iptables_trace_rule *rule = &walk->whole.rules[walk->noted++];
	const struct iptables_trace_left *left = &walk->whole.left;

	if (!gone) {
		note_state(walk);
		if (!walk->at.table)
			note_header(walk);
	}
	rule->mark = left->mark;
	rule->ct_mark = left->ct_mark;
	rule->time_ns = ktime_get_mono_fast_ns();
	rule->cpu = smp_processor_id();
	rule->flags = flags_of(walk) | (gone ? IPTABLES_TRACE_F_STOLEN : 0);
	rule->net_ns = walk->ctx->net_ns;
	memset(rule->reserved, 0, sizeof(rule->reserved));
	rule->reserved2 = 0;
	memcpy(rule->chain, walk->chain_name, sizeof(rule->chain));
	return rule;
}

void itrace_event_note_rule(struct itrace_walk *walk, const char *chain, const char *type,
			    unsigned int number)
{
	struct iptables_trace_rule *rule;

	name_chain(walk, chain);
	rule = note(walk, false);
	rule->rule_type = rule_type(type);
	rule->rule_number = number;
	rule->handle = 0;
	rule->verdict = 0;
}

#if IS_ENABLED(CONFIG_NF_TABLES)
void itrace_event_note_rule_nft(struct itrace_walk *walk, const struct itrace_nft_report *report)
{
	struct iptables_trace_rule *rule;

	itrace_nft_name_chain(walk, report->chain);
	rule = note(walk, report->gone);
	rule->rule_type = report->type;
	rule->rule_number = 0;
	rule->handle = report->handle;
	rule->verdict = report->verdict;
}
#endif

void itrace_event_left(struct itrace_walk *walk, unsigned int verdict, bool gone)
{
	struct iptables_trace_left *left = &walk->whole.left;

	walk->parts |= IPTABLES_TRACE_PART_LEAVE;
	if (!walk->at.table)
		itrace_nft_name_chain(walk, walk->at.chain);
	left->time_ns = ktime_get_mono_fast_ns();
	left->cpu = smp_processor_id();
	left->flags = flags_of(walk);
	if (gone) {
		left->flags |= IPTABLES_TRACE_F_STOLEN;
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
	left->ruleset = surroundings_of(walk);
}

/* What the walk's matches have said since the event before, of which all else is; stolen: the packet is not there any more. */
void itrace_event_matches(struct itrace_walk *walk, const struct iptables_trace_match *matches,
			  unsigned int count, bool stolen)
{
	struct iptables_trace_ctx *ctx = walk->ctx;

	fill_moment(walk, IPTABLES_TRACE_MATCHES);
	if (stolen)
		ctx->flags |= IPTABLES_TRACE_F_STOLEN;
	fill_no_rule(walk);
	ctx->matches = (unsigned long)matches;
	ctx->match_count = count;
}
