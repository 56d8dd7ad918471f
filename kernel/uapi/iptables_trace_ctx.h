/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What iptables_trace.ko hands to the BPF programs of a session.
 *
 * The programs are of type RAW_TRACEPOINT_WRITABLE (SEC("raw_tp.w"), BPF_PROG() of libbpf) or KPROBE. They have three
 * arguments, on every kernel and machine; those of type KPROBE in a copy of the probed function's registers:
 *
 *	first	PT_REGS_PARM1	const struct iptables_trace_ctx *, below; of IPTABLES_TRACE_TRAVERSAL the first field of a
 *			const struct iptables_trace_traversal
 *	second	PT_REGS_PARM2	const struct sk_buff *; NULL if IPTABLES_TRACE_F_STOLEN is set, and of a traversal that goes on
 *	third	PT_REGS_PARM3	const struct nf_hook_state *
 *
 * What the first one points to, a program of type RAW_TRACEPOINT_WRITABLE reads like its own memory, at offsets that are
 * constants, which costs a fraction of what it costs to copy it. The type could also write there, which a program is not to
 * do: other sessions read it too. Everything else, and everything for a KPROBE, is read with bpf_probe_read_kernel().
 * In exchange helpers that look at the probe, such as bpf_get_func_ip(), are for programs of type KPROBE alone.
 *
 * A program returns 0 if it recorded the event and anything else if it could not; the module counts the latter
 * (iptables_trace_stats.events_unwritten), of a traversal as many as there are in it.
 *
 * Compiles as C, BPF C and C++. A program that brings its own kernel types defines __VMLINUX_H__ first.
 */
#ifndef _UAPI_IPTABLES_TRACE_CTX_H
#define _UAPI_IPTABLES_TRACE_CTX_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/*
 * Grows when a field is moved, removed or changes its meaning. A new field takes the place of a reserved one, which
 * reads as zero before, and leaves the version as it is.
 */
#define IPTABLES_TRACE_CTX_VERSION	2

#define IPTABLES_TRACE_TABLE_LEN	32
#define IPTABLES_TRACE_CHAIN_LEN	32
#define IPTABLES_TRACE_IFNAME_LEN	16
#define IPTABLES_TRACE_HEADER_LEN	128
#define IPTABLES_TRACE_COMM_LEN		16

/*
 * iptables_trace_ctx.kind: which of the session's programs runs. What is said of a table here and below holds for a base
 * chain of nf_tables, which is what a packet enters and leaves there, and whose priority and verdict it has.
 */
enum {
	IPTABLES_TRACE_ENTER	= 1,	/* a packet enters a table */
	/* It met the conditions of a rule. The rule's target has not run yet; in nf_tables, the rule has done all it does. */
	IPTABLES_TRACE_RULE	= 2,
	IPTABLES_TRACE_LEAVE	= 3,	/* the table has decided */
	IPTABLES_TRACE_MATCHES	= 4,	/* what matches of rules said: see matches below */
	IPTABLES_TRACE_TRAVERSAL = 5,	/* the first three of a traversal at once: struct iptables_trace_traversal */
};

/*
 * iptables_trace_ctx.rule_type, 0 in other events than IPTABLES_TRACE_RULE. With nf_tables a return that somebody wrote is a
 * rule, and a base chain ends with its policy alone.
 */
enum {
	IPTABLES_TRACE_TYPE_RULE	= 1,	/* a rule as the user wrote it */
	IPTABLES_TRACE_TYPE_RETURN	= 2,	/* the invisible end of a user chain */
	IPTABLES_TRACE_TYPE_POLICY	= 3,	/* the invisible end of a built-in chain */
	IPTABLES_TRACE_TYPE_OTHER	= 4,	/* a word that this module does not know */
};

/* iptables_trace_ctx.flags */
enum {
	/* The first event of this packet: nothing was seen of it before. Only at IPTABLES_TRACE_ENTER. */
	IPTABLES_TRACE_F_FIRST		= 1 << 0,
	/* The table's verdict ends the packet's way here: dropped, stolen or an error. Only at IPTABLES_TRACE_LEAVE. */
	IPTABLES_TRACE_F_TERMINAL	= 1 << 1,
	/*
	 * The packet is not there any more: the table took it away (NF_STOLEN), or nf_tables has dropped it already. Its fields
	 * are those of the event before.
	 */
	IPTABLES_TRACE_F_STOLEN		= 1 << 2,
	/* That this is the packet of the events before is likely but not certain: it was changed, or nothing in it is its own. */
	IPTABLES_TRACE_F_GUESSED	= 1 << 3,
	/* A trace of the user's own (-j TRACE, nft meta nftrace) covers the packet: it goes where it would without us. */
	IPTABLES_TRACE_F_USER_TRACE	= 1 << 4,
	/* Selected because it was made while a selected packet was in a table (IPTABLES_TRACE_FILTER_CHILDREN). */
	IPTABLES_TRACE_F_CHILD		= 1 << 5,
	/* Somebody's socket on this host has sent it: owner says whose. Only at IPTABLES_TRACE_ENTER. */
	IPTABLES_TRACE_F_OWNED		= 1 << 6,
	/* This traversal's matches are reported, by IPTABLES_TRACE_MATCHES. Only at IPTABLES_TRACE_ENTER. */
	IPTABLES_TRACE_F_OBSERVED	= 1 << 7,
	/* table, chain: longer than there is room for, and cut. */
	IPTABLES_TRACE_F_TABLE_CUT	= 1 << 8,
	IPTABLES_TRACE_F_CHAIN_CUT	= 1 << 9,
	/*
	 * Rules of this traversal are not reported. Only of nf_tables: its function that names rules is not probed; or a rule
	 * with meta nftrace is there since a moment ago, and the probe that tells its mark from ours is only being set.
	 */
	IPTABLES_TRACE_F_UNTOLD		= 1 << 10,
};

/* iptables_trace_ctx.nft_family: of an nf_tables table, as of NFPROTO_...; 0 stands for a table of x_tables. */
enum {
	IPTABLES_TRACE_NFT_INET		= 1,
	IPTABLES_TRACE_NFT_IPV4		= 2,
	IPTABLES_TRACE_NFT_ARP		= 3,
	IPTABLES_TRACE_NFT_BRIDGE	= 7,
	IPTABLES_TRACE_NFT_IPV6		= 10,
};

/* iptables_trace_ctx.verdict of a rule of nf_tables, besides NF_ACCEPT and so on. As signed numbers: -1, -3, -4, -5. */
enum {
	IPTABLES_TRACE_NFT_CONTINUE	= -1,
	IPTABLES_TRACE_NFT_JUMP		= -3,
	IPTABLES_TRACE_NFT_GOTO		= -4,
	IPTABLES_TRACE_NFT_RETURN	= -5,
};

/* iptables_trace_match.flags */
enum {
	IPTABLES_TRACE_MATCH_YES	= 1 << 0,	/* what it returned; a ! in front of the match is part of it */
	IPTABLES_TRACE_MATCH_HOTDROP	= 1 << 1,	/* it asked for the packet to be dropped at once */
};

/* One match of a rule that was asked. A rule's conditions on the IP header come before its matches and are none. */
struct iptables_trace_match {
	/* In its chain, from 1, as at IPTABLES_TRACE_RULE; of nf_tables as NFT_MSG_GETRULE lists them, 0: it is not known. */
	__u32	rule_number;
	/* Of the match among those of its rule, from 0; of nf_tables, where others have a form of its own, of x_tables'. */
	__u8	index;
	__u8	flags;		/* IPTABLES_TRACE_MATCH_... */
	__u16	reserved;
	__u32	duration_ns;	/* of the match alone; 0xffffffff: that or longer */
	__u32	prog_id;	/* of -m bpf: the eBPF program that it ran; 0 for classic bytecode and other matches */
};

/*
 * The packet's header of Ethernet, as far as the match mac looks at it. Of what came in by such a device, as long as the header
 * is there.
 */
struct iptables_trace_ether {
	__u8	source[6];
	__u8	reserved[2];
};

/* The most that one event reports. */
#define IPTABLES_TRACE_MATCHES_MAX	64

/* iptables_trace_ctx.ct_state; up to 6 these are the kernel's enum ip_conntrack_info. */
enum {
	IPTABLES_TRACE_CT_ESTABLISHED		= 0,
	IPTABLES_TRACE_CT_RELATED		= 1,
	IPTABLES_TRACE_CT_NEW			= 2,
	IPTABLES_TRACE_CT_ESTABLISHED_REPLY	= 3,
	IPTABLES_TRACE_CT_RELATED_REPLY		= 4,
	IPTABLES_TRACE_CT_UNTRACKED		= 7,	/* exempt from tracking: -j CT --notrack */
	IPTABLES_TRACE_CT_NONE			= 255,	/* not looked up yet, or invalid, or no connection tracking */
};

/*
 * Who has sent a packet, as its socket says: at OUTPUT and POSTROUTING, of packets that this host has made. What the kernel
 * sends by itself belongs to nobody.
 */
struct iptables_trace_owner {
	__u64	cgroup;		/* number of the cgroup2 in which the socket was made, 0 on kernels without */
	__u32	uid;		/* of the socket's owner, in the initial user namespace */
	__u32	socket;		/* its inode number, as in readlink /proc/PID/fd/N; 0: no process has it open */
	/*
	 * The process by whose system call it is sent, in the initial PID namespace; 0: by none, as with retransmissions and
	 * answers to what comes in, or it is not known.
	 */
	__u32	pid;
	__u32	reserved;
	char	comm[IPTABLES_TRACE_COMM_LEN];	/* of the thread that makes the call */
};

/*
 * One event. What describes the packet is as of this event, so two events tell what happened in between. Names are
 * zero-terminated, and what follows the zero means nothing. Unused fields are zero.
 *
 * The order is that in which a program is likely to hand the fields on: what any event has, what a rule has, devices. So it
 * can take most of them in one piece.
 */
struct iptables_trace_ctx {
	__u16	version;	/* IPTABLES_TRACE_CTX_VERSION */
	__u8	kind;		/* IPTABLES_TRACE_ENTER ... */
	/* Of the packet: 2 NFPROTO_IPV4, 10 NFPROTO_IPV6; 3 NFPROTO_ARP, only with IPTABLES_TRACE_BACK_END_ARP. */
	__u8	family;
	__u32	size;		/* of this struct, in bytes */

	__u64	time_ns;	/* CLOCK_MONOTONIC, as bpf_ktime_get_ns() */

	/* The packet's number in this session, from 1. */
	__u64	packet;

	/*
	 * The number of this traversal of a table, never 0; and the traversal during which this one happened, as with
	 * the answer that REJECT sends, and the packet of that traversal: 0 if there is none or this session did not
	 * select its packet.
	 */
	__u64	traversal;
	__u64	parent_traversal;
	__u64	parent_packet;

	/*
	 * How often the kernel missed any of the module's probes since the session started: at the end of a traversal, by
	 * then; at its beginning, as far as was known then. If it is the same at any of these and at the end of a later
	 * traversal, nothing between them escaped the module; such misses have no event number.
	 */
	__u64	missed;

	/*
	 * The identity of the table's rules, comparable within a session, for one namespace, family and table: rules
	 * that were replaced in between have another number, and so has a table of a later namespace that has been
	 * given the same netns_inum. 0: they are being replaced right now. The rules that
	 * were walked are certain if IPTABLES_TRACE_ENTER and IPTABLES_TRACE_LEAVE of a traversal say the same, not 0.
	 *
	 * And a clock that moves when the replacement of any table, anywhere, begins and when it ends; the session
	 * can also be asked for it (iptables_trace_stats.replacements). Both are read at one moment, at the traversal's
	 * beginning and again at its end: if the clock says the same before and after rules were read, and in an event
	 * with a ruleset that is not 0, then those rules have that number.
	 *
	 * Of nf_tables it is the number of the namespace's generation, as NFT_MSG_GETGEN tells it (NFTA_GEN_ID): of all tables
	 * at once, and each commit makes another. It needs no clock: rules that were read between two answers of that number
	 * have it. 0: a transaction is open, which may change them. Two namespaces may have the same numbers.
	 */
	__u64	ruleset;
	__u64	replacements;

	__u64	netns_cookie;	/* as SO_NETNS_COOKIE; 0 where the kernel has given none */
	__u32	netns_inum;	/* as in readlink /proc/PID/ns/net */
	__u32	cpu;

	/*
	 * The event's number in the packet, from 1. Events that could not be run or recorded have numbers too: a gap is
	 * a loss. Kinds for which the session has no program have none.
	 */
	__u32	seq;
	__u16	flags;		/* IPTABLES_TRACE_F_... */
	/* 0 PREROUTING, 1 INPUT, 2 FORWARD, 3 OUTPUT, 4 POSTROUTING; likewise of a bridge. Of ARP, 0 NF_ARP_IN, 1 NF_ARP_OUT. */
	__u8	hook;
	__u8	nft_family;	/* IPTABLES_TRACE_NFT_INET ..., or 0 */

	char	table[IPTABLES_TRACE_TABLE_LEN];
	char	chain[IPTABLES_TRACE_CHAIN_LEN];	/* IPTABLES_TRACE_RULE; of nf_tables, otherwise the base chain */

	/* IPTABLES_TRACE_RULE: the rule as the kernel's TRACE names it; the first rule of a chain is 1. nf_tables: 0 */
	__u32	rule_number;

	__u32	mark;
	__u32	ct_mark;
	__u8	rule_type;	/* IPTABLES_TRACE_TYPE_RULE ... */
	__u8	reserved[3];

	/*
	 * Of nf_tables, the number in its table by which it calls a rule: at IPTABLES_TRACE_TYPE_RULE. In all other events it is
	 * that of the chain. No two rules or chains of a table have the same.
	 */
	__u64	handle;

	/*
	 * IPTABLES_TRACE_LEAVE: what the table returned, in full; NF_ACCEPT and so on are the low byte. Where nf_tables has
	 * dropped the packet it is NF_DROP, also if it has freed it by itself.
	 * IPTABLES_TRACE_RULE of nf_tables: of this rule alone, or IPTABLES_TRACE_NFT_...; of a policy, what that is; of the
	 * end of a chain, IPTABLES_TRACE_NFT_CONTINUE.
	 */
	__u32	verdict;

	/*
	 * While a session asks for it (SET_COSTS), in nanoseconds without what tracing takes, 0xffffffff: that or longer.
	 * IPTABLES_TRACE_RULE: since the event before but for IPTABLES_TRACE_MATCHES. In x_tables these are the target of the
	 * rule before and the rules that were asked since, up to this one; in nf_tables, this rule and those before it.
	 * IPTABLES_TRACE_LEAVE: since IPTABLES_TRACE_ENTER, which is the sum of the former and what came behind the last rule.
	 * Otherwise of no meaning.
	 */
	__u32	net_ns;

	__u64	duration_ns;	/* IPTABLES_TRACE_LEAVE: since IPTABLES_TRACE_ENTER, tracing included */

	__u32	in_ifindex;	/* 0 if there is none */
	char	in_name[IPTABLES_TRACE_IFNAME_LEN];	/* empty if there is none */
	__u32	out_ifindex;
	char	out_name[IPTABLES_TRACE_IFNAME_LEN];

	__u32	length;		/* of the packet from its IP or ARP header on, in bytes; with what a link has padded it with */
	__u32	ct_status;	/* IPS_... of the connection, 0 if there is none */
	__u8	ct_state;	/* IPTABLES_TRACE_CT_... */
	__u8	reserved2;
	__u16	header_len;	/* bytes of header[] that are the packet's */
	__s32	priority;	/* of the table among the functions of its hook */

	/*
	 * IPTABLES_TRACE_MATCHES: a kernel address, readable while the program runs, of so many struct
	 * iptables_trace_match, in the order in which they were asked, all of rules of one chain. Those of a rule come
	 * before its IPTABLES_TRACE_RULE, so what was reported since the event before and is not of that rule was asked
	 * in vain. Other fields of the packet are as of the event before.
	 */
	__u64	matches;
	__u32	match_count;
	__u32	ether;		/* 1: behind the matches stands a struct iptables_trace_ether; older modules have none */

	/*
	 * The packet's first bytes from the IP header on, linear or not; or from the ARP header on, whose fixed part is there at
	 * least and whose addresses are as long as that says. Here and behind: a program may do without.
	 */
	__u8	header[IPTABLES_TRACE_HEADER_LEN];

	/* At IPTABLES_TRACE_ENTER with IPTABLES_TRACE_F_OWNED, otherwise without meaning. */
	struct iptables_trace_owner	owner;
};

/* A rule of a traversal. Each field is that of struct iptables_trace_ctx at IPTABLES_TRACE_RULE. */
struct iptables_trace_rule {
	char	chain[IPTABLES_TRACE_CHAIN_LEN];
	__u32	rule_number;
	__u32	mark;
	__u32	ct_mark;
	__u8	rule_type;
	__u8	reserved[3];
	__u64	handle;
	__u32	verdict;
	__u32	net_ns;
	__u64	time_ns;
	__u32	cpu;
	__u16	flags;
	__u16	reserved2;
};

/* The end of a traversal, likewise at IPTABLES_TRACE_LEAVE. */
struct iptables_trace_left {
	__u64	time_ns;
	__u64	missed;
	__u64	ruleset;
	__u64	replacements;
	__u32	cpu;
	__u32	verdict;
	__u32	net_ns;
	__u32	mark;
	__u32	ct_mark;
	__u32	length;
	__u32	ct_status;
	__u8	ct_state;
	__u8	reserved;
	__u16	header_len;
	__u16	flags;
	__u16	reserved2[3];
};

/* iptables_trace_traversal.parts: what of the traversal this is besides rules. */
enum {
	IPTABLES_TRACE_PART_ENTER	= 1 << 0,	/* its beginning: enter is an event */
	IPTABLES_TRACE_PART_LEAVE	= 1 << 1,	/* its end: left is one */
	/* At the end the packet's length or first bytes are, or may be, others than at the beginning: left_header has them. */
	IPTABLES_TRACE_PART_HEADER	= 1 << 2,
};

/* The most rules that are told at once. */
#define IPTABLES_TRACE_RULES_MAX	16

/*
 * IPTABLES_TRACE_TRAVERSAL, when the table has decided: all that the events of a traversal would have told, but for
 * matches, in one run of a program. Should there be more rules than there is room for, or should the packet have another one
 * sent before the table decides, what there is so far comes first: so that of two traversals by one thread that one begins
 * first which did. Events have the numbers that they would have one by one, those in here from enter.seq on: the beginning if it
 * is one of the parts, then rules, then the end likewise. IPTABLES_TRACE_F_CHILD is said at the beginning of all of them.
 *
 * Where a table of x_tables takes a packet away (IPTABLES_TRACE_F_STOLEN), left has its first bytes as of the beginning, and all
 * else, as ever, as of the event before. Of a traversal in which the session stops nothing is told that was not told by then.
 */
struct iptables_trace_traversal {
	/*
	 * In each part the same, as of the beginning, but for seq and IPTABLES_TRACE_F_FIRST, which is said once; kind
	 * IPTABLES_TRACE_TRAVERSAL, size that of the whole.
	 */
	struct iptables_trace_ctx	enter;
	__u32				parts;		/* IPTABLES_TRACE_PART_... */
	__u32				rule_count;
	struct iptables_trace_left	left;
	/* Behind what there is of each of the following, everything has no meaning. */
	__u8				left_header[IPTABLES_TRACE_HEADER_LEN];
	struct iptables_trace_rule	rules[IPTABLES_TRACE_RULES_MAX];
};

#ifdef __cplusplus
static_assert(sizeof(struct iptables_trace_ctx) == 440, "the layout is a contract");
static_assert(__builtin_offsetof(struct iptables_trace_ctx, header) == 272,
	      "the layout is a contract");
static_assert(sizeof(struct iptables_trace_rule) == 80, "the layout is a contract");
static_assert(sizeof(struct iptables_trace_left) == 72, "the layout is a contract");
static_assert(sizeof(struct iptables_trace_traversal) == 1928, "the layout is a contract");
#else
_Static_assert(sizeof(struct iptables_trace_ctx) == 440, "the layout is a contract");
_Static_assert(__builtin_offsetof(struct iptables_trace_ctx, header) == 272,
	       "the layout is a contract");
_Static_assert(sizeof(struct iptables_trace_rule) == 80, "the layout is a contract");
_Static_assert(sizeof(struct iptables_trace_left) == 72, "the layout is a contract");
_Static_assert(sizeof(struct iptables_trace_traversal) == 1928, "the layout is a contract");
#endif

#endif
