/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept of a packet while it is followed, and of its walk through a table while that lasts.
 */
#ifndef _IPTABLES_TRACE_WALK_H
#define _IPTABLES_TRACE_WALK_H

#include <linux/types.h>

#include "compat/compat.h"
#include "trace_cost.h"
#include "trace_nft_match.h"
#include "uapi/iptables_trace_ctx.h"

struct net;
struct nf_hook_state;
struct nft_chain;
struct nft_pktinfo;
struct sk_buff;
struct task_struct;
struct xt_table;

/* A packet has room for the numbers that this many sessions gave it. */
#define ITRACE_MAX_SESSIONS	8

/* The arguments of a program, of which the context says what they are. */
enum {
	ITRACE_CTX_ARG,
	ITRACE_SKB_ARG,		/* 0 once the packet is gone */
	ITRACE_STATE_ARG,
	ITRACE_ARGS
};

/* Where on a packet's way through the host a table is. */
struct itrace_order {
	u8 stage;			/* grows from hook to hook */
	u8 hook;
	u8 pf;				/* of the hook */
	u8 position;			/* among the functions of the hook */
	int priority;			/* where these call several */
	const void *table;		/* or base chain; compared, never followed */
};

/* A packet at the entry of a table: where both back ends meet. */
struct itrace_visit {
	struct sk_buff *skb;
	const struct nf_hook_state *state;
	const struct xt_table *table;		/* of x_tables, or NULL */
	const struct nft_chain *chain;		/* base chain of nf_tables, or NULL */
	const struct nft_pktinfo *pkt;		/* likewise: nobody else's as long as the walk goes on */
	u8 family;				/* of the packet: NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_ARP */
	struct itrace_order order;		/* of packets that are selected or known alone */
};

/* What is kept of a selected packet, from its first table to its last. Belongs to the walk that it is in, if any. */
struct itrace_packet {
	unsigned int hands;		/* see trace_packet.c */
	struct itrace_walk *walk;
	u64 walk_id;			/* 0 between tables */

	/* How to know it again at the next table. */
	const struct net *net;		/* compared, never followed */
	const struct net *began_in;	/* likewise; NULL: the same */
	unsigned long connection;	/* likewise, with the direction in the lowest bit */
	u64 content;
	unsigned long seen;		/* jiffies */
	struct itrace_order order;	/* of the last table */
	const struct task_struct *queued_by;	/* likewise; NULL: by a softirq */
	bool queued;
	bool handed_over;		/* it was queued, and who goes on with it has judged it */
	bool received;			/* by a device, not made by this host */
	bool guessed;

	u8 child_of;			/* bits: slots that selected it for its parent's sake */
	/* By slot: of the session that has selected it, its number there and that of its last event. */
	u32 serial[ITRACE_MAX_SESSIONS];
	u32 seq[ITRACE_MAX_SESSIONS];
	u64 id[ITRACE_MAX_SESSIONS];
};

/*
 * Whose rule's target runs on this CPU. It can send packets, which then walk through tables themselves, by the same
 * thread of execution.
 */
struct itrace_caller {
	struct itrace_packet *packet;
	u64 walk_id;
	struct task_struct *task;
	bool softirq;
};

/* A walk of a selected packet through a table: the data of a kretprobe instance, which lives exactly as long. */
struct itrace_walk {
	u64 id;
	struct itrace_packet *packet;
	struct itrace_visit at;

	/* The walk during which this one began, by the same thread of execution; it ends later. */
	struct itrace_packet *parent;
	u64 parent_id;
	struct itrace_caller before;	/* who stood there in our place, on the CPU of the last rule */

	u64 began_ns;
	u64 replacements;		/* with ctx.ruleset, at one moment */
	u64 missed;
	bool marked;			/* skb->nf_trace is set for our sake */
	bool users;			/* ... and for that of a trace of the user's own */
	bool untold;			/* it would have to be, but is not */
	u32 flags;			/* IPTABLES_TRACE_F_..., of all its events */
	const struct nft_chain *chain;	/* of nf_tables, where the next rule is likely to be */
	const char *named;		/* what the next is a copy of, or NULL */
	char chain_name[IPTABLES_TRACE_CHAIN_LEN];	/* of the event */

	bool singly;			/* programs of single events want to hear of it */
	bool wholly;			/* those of whole traversals do, and the next four are there */
	u8 parts;			/* IPTABLES_TRACE_PART_... that these have not been told yet, */
	u8 noted;			/* and how many rules */
	bool changed;			/* the packet's first bytes are, since the beginning */
	struct {
		u16 flags;
		u16 header_len;
		u32 length;
		u64 missed;
		u64 replacements;
	} entry;			/* what ctx has at the beginning, for all sessions */

	/* Slots of the sessions that hear of its matches; the rest is there if there are any. See trace_observe.c. */
	u8 observers;
	bool softirqs_off;		/* by us */
	unsigned int recseq;
	unsigned int first_note;
	struct itrace_walk *outer;
	struct itrace_nft_course course;	/* likewise; in nf_tables, where none of these four is */
	const struct xt_table *copy;	/* that it goes through */
	struct itrace_cost cost;

	/* What its programs get, one after the other. */
	u64 args[ITRACE_ARGS];
	struct bpf_trace_run_ctx run_ctx;
	struct iptables_trace_ctx *ctx;	/* of single events: in the first of these, unless that is kept as of the beginning */
	struct iptables_trace_traversal whole;
	struct iptables_trace_ctx single;
};

#endif
