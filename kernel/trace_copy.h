/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies of rulesets: for trace_copy.c, which makes them, and trace_observe.c, which has packets walk through them. And which
 * programs matches run, also in rules of nf_tables, of which there are no copies.
 */
#ifndef _IPTABLES_TRACE_COPY_H
#define _IPTABLES_TRACE_COPY_H

#include <linux/build_bug.h>
#include <linux/list.h>
#include <linux/netfilter/x_tables.h>
#include <linux/types.h>

/* Where the BPF program is that a match runs. */
enum itrace_runs {
	ITRACE_RUNS_NOTHING,
	ITRACE_RUNS_FILTER,		/* in its blob: "bpf", revisions 0 and 1 */
	ITRACE_RUNS_RULE,		/* in what its blob points to: revision 2, xt_ebpf's own */
};

/* What the matches of a kind point to in a copy. To x_tables it is a match like another. */
struct itrace_stand_in {
	struct xt_match match;		/* .match is itrace_observe_match() */
	const struct xt_match *original;
	enum itrace_runs runs;
	struct list_head list;		/* those of a copy */
};

/* Which match of which rule one is. Stands in the match's header, in the half that the kernel's form of it leaves free. */
struct itrace_place {
	u32 rule;			/* its number in its chain, from 1 */
	u8 index;			/* from 0 */
};

#define ITRACE_PLACE_AT		sizeof_field(struct xt_entry_match, u.kernel)

static inline struct itrace_place *itrace_place_of(const void *matchinfo)
{
	BUILD_BUG_ON(ITRACE_PLACE_AT + sizeof(struct itrace_place) > sizeof(struct xt_entry_match));
	return (struct itrace_place *)(matchinfo - sizeof(struct xt_entry_match) + ITRACE_PLACE_AT);
}

/* trace_copy.c */
const struct xt_table *itrace_copy_find(const struct xt_table *table);
enum itrace_runs itrace_runs_of(const struct xt_match *match);
bool itrace_copy_search(const struct xt_table *table, const void *walked, unsigned int hook,
			const char *chain, unsigned int number);

/* trace_observe.c */
u32 itrace_prog_id(enum itrace_runs runs, const void *matchinfo);
bool itrace_observe_match(const struct sk_buff *skb, struct xt_action_param *par);

#endif
