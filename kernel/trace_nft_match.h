/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a walk through nf_tables keeps while its matches are observed, and trace_nft_match.c, which does so.
 */
#ifndef _IPTABLES_TRACE_NFT_MATCH_H
#define _IPTABLES_TRACE_NFT_MATCH_H

#include <linux/types.h>

#include "uapi/iptables_trace_ctx.h"

struct itrace_running;
struct itrace_walk;
struct kprobe;
struct nft_chain;
struct nft_expr;
struct pt_regs;

/* In nf_tables as many jumps may be nested; and as many matches are noted before they are reported, if no rule matches. */
#define ITRACE_NFT_JUMPS	16
#define ITRACE_NFT_NOTES	16

/* Where in a chain of nf_tables a walk is: behind the rule, if any, in which a match was asked last. */
struct itrace_nft_place {
	const struct nft_chain *chain;
	const void *rule;		/* see compat/nft_rules.h */
	u32 number;			/* of the rule, from 1 */
};

/* Of a walk through nf_tables whose matches are observed. */
struct itrace_nft_course {
	unsigned int depth;		/* of jumps */
	struct itrace_nft_place place[ITRACE_NFT_JUMPS + 1];
	const struct nft_expr *asking;	/* right now */
	unsigned int count;		/* notes since the last event */
	struct iptables_trace_match notes[ITRACE_NFT_NOTES + 1];	/* the last is for a header */
};

#if IS_ENABLED(CONFIG_NF_TABLES)
void itrace_nft_observe_begin(const struct itrace_running *running, struct itrace_walk *walk);
void itrace_nft_observe_course(struct itrace_walk *walk, const struct nft_chain *chain, u32 verdict,
			       bool end, const struct nft_chain *to);
void itrace_nft_report_matches(const struct itrace_running *running, struct itrace_walk *walk,
			       const struct pt_regs *regs, bool stolen);
int itrace_nft_match(struct kprobe *probe, struct pt_regs *regs);
#else
static inline void itrace_nft_observe_begin(const struct itrace_running *running,
					    struct itrace_walk *walk) {}
static inline void itrace_nft_report_matches(const struct itrace_running *running,
					     struct itrace_walk *walk, const struct pt_regs *regs,
					     bool stolen) {}
#endif

#endif
