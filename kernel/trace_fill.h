/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an event tells of a walk and its packet, piece by piece, for who puts an event together. Written into that, as a call of
 * each piece would cost more than most of them do.
 */
#ifndef _IPTABLES_TRACE_FILL_H
#define _IPTABLES_TRACE_FILL_H

#include <linux/netdevice.h>
#include <linux/netfilter/x_tables.h>
#include <linux/skbuff.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#ifdef CONFIG_DCACHE_WORD_ACCESS
#include <asm/word-at-a-time.h>
#endif

#include "trace.h"

#if IS_ENABLED(CONFIG_NF_TABLES)
#include "trace_nft.h"
#endif

static __always_inline void itrace_fill_device(const struct net_device *device, u32 *ifindex,
					       char *name)
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
struct itrace_connection {
	u32 status;
	u32 mark;
	u8 state;
};

static __always_inline struct itrace_connection itrace_connection_of(const struct sk_buff *skb)
{
	struct itrace_connection connection = { .state = IPTABLES_TRACE_CT_NONE };

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

static __always_inline u32 itrace_length_of(const struct sk_buff *skb)
{
	return skb->len - skb_network_offset(skb);
}

/* The first bytes of a packet of that length; returns how many of them are its own. */
static __always_inline u16 itrace_copy_header(const struct sk_buff *skb, u32 length, u8 *header)
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

static __always_inline void itrace_fill_packet(struct iptables_trace_ctx *ctx,
					       const struct sk_buff *skb)
{
	struct itrace_connection connection = itrace_connection_of(skb);

	ctx->length = itrace_length_of(skb);
	ctx->mark = skb->mark;
	ctx->ct_state = connection.state;
	ctx->ct_status = connection.status;
	ctx->ct_mark = connection.mark;
	ctx->header_len = itrace_copy_header(skb, ctx->length, ctx->header);
}

static __always_inline u16 itrace_flags_of(const struct itrace_walk *walk)
{
	return walk->flags | (walk->users ? IPTABLES_TRACE_F_USER_TRACE : 0);
}

static __always_inline void itrace_fill_moment(struct iptables_trace_ctx *ctx,
					       const struct itrace_walk *walk, u8 kind, u64 now)
{
	ctx->kind = kind;
	ctx->time_ns = now;
	ctx->cpu = smp_processor_id();
	ctx->flags = itrace_flags_of(walk);
}

static __always_inline void itrace_fill_no_rule(struct iptables_trace_ctx *ctx,
						struct itrace_walk *walk)
{
	ctx->rule_type = 0;
	ctx->rule_number = 0;
	ctx->chain[0] = '\0';
#if IS_ENABLED(CONFIG_NF_TABLES)
	if (!walk->at.table) {
		itrace_nft_name_chain(walk, walk->at.chain);
		memcpy(ctx->chain, walk->chain_name, sizeof(ctx->chain));
		ctx->handle = walk->at.chain->handle;
	}
#endif
}

/* The rules that the table has now. */
static __always_inline u64 itrace_ruleset_now(struct itrace_walk *walk)
{
	const struct itrace_visit *at = &walk->at;

	if (at->table)
		return itrace_ruleset_of(at->table, &walk->replacements);
	walk->replacements = itrace_ruleset_replacements();
	return itrace_nft_generation(at->chain, at->state->net);
}

static __always_inline void itrace_fill_table(struct iptables_trace_ctx *ctx,
					      struct itrace_walk *walk)
{
	const struct xt_table *table = walk->at.table;

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

/* The kernel says "rule", "return" or "policy". */
static __always_inline u8 itrace_rule_type(const char *word)
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
 * As much as there is room for. A name may end where readable memory ends, and what of its last word cannot be read is zeros.
 * strscpy() takes several times as long for names as short as these.
 */
#ifdef CONFIG_DCACHE_WORD_ACCESS
static __always_inline void itrace_copy_name(char *to, const char *name)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long word, zeros;
	unsigned int i;

	for (i = 0; i < IPTABLES_TRACE_CHAIN_LEN; i += sizeof(word)) {
		word = load_unaligned_zeropad(name + i);
		if (has_zero(word, &zeros, &constants)) {
			zeros = prep_zero_mask(word, zeros, &constants);
			word &= zero_bytemask(create_zero_mask(zeros));
			memcpy(to + i, &word, sizeof(word));
			return;
		}
		memcpy(to + i, &word, sizeof(word));
	}
	to[IPTABLES_TRACE_CHAIN_LEN - 1] = '\0';
}
#else
static __always_inline void itrace_copy_name(char *to, const char *name)
{
	const char *end = to + IPTABLES_TRACE_CHAIN_LEN - 1;

	while (to < end && *name)
		*to++ = *name++;
	*to = '\0';
}
#endif

/* Mostly it is that of the rule before, and a name stays where it is as long as the walk goes on. */
static __always_inline void itrace_name_chain(struct itrace_walk *walk, const char *name)
{
	if (name == walk->named)
		return;
	walk->named = name;
	itrace_copy_name(walk->chain_name, name);
}

#endif
