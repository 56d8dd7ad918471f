/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * How user space speaks to iptables_trace.ko: ioctls on /dev/iptables_trace.
 *
 * An open file is a session. It is configured while it stands still (SET_PROGRAMS or SET_TRAVERSALS, SET_FILTER, SET_NETNS,
 * ADD_NETNS, SET_SELECT, SET_MATCHES, SET_COSTS), runs from START to STOP, and may be configured and started again. Closing
 * it, also by the death of the process, undoes all that it did to the kernel; when the call returns, no program of the
 * session runs any more. Several sessions run at once, each with its own programs, filter and numbers.
 *
 * open() and every ioctl need, in the initial user namespace, CAP_NET_ADMIN and besides either CAP_BPF and CAP_PERFMON,
 * or CAP_SYS_ADMIN.
 *
 * A struct may grow at its end. The kernel takes a longer one than it knows if the rest is zero (E2BIG if not), a
 * shorter one down to the first version's size, and fills a longer answer with zero. Reserved fields must be zero.
 *
 * Errors that every ioctl may return: EPERM (capabilities), EFAULT (a bad pointer), ENOTTY (no such ioctl), EINVAL (a
 * struct shorter than the first version, a reserved field or an unknown flag that is not zero), E2BIG (see above).
 * What was refused and why also goes to the kernel log, rate-limited.
 */
#ifndef _UAPI_IPTABLES_TRACE_CTL_H
#define _UAPI_IPTABLES_TRACE_CTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IPTABLES_TRACE_DEVICE		"/dev/iptables_trace"

/* Grows when a new module cannot serve an old program any more; otherwise see iptables_trace_info.features. */
#define IPTABLES_TRACE_CTL_VERSION	1

/* iptables_trace_info.features */
enum {
	IPTABLES_TRACE_FEATURE_RULES	= 1 << 0,	/* the kernel can name rules: NETFILTER_XT_TARGET_TRACE */
	IPTABLES_TRACE_FEATURE_SELECT	= 1 << 1,	/* ADD_NETNS, SET_SELECT */
	IPTABLES_TRACE_FEATURE_CGROUP	= 1 << 2,	/* IPTABLES_TRACE_SELECT_CGROUP */
	IPTABLES_TRACE_FEATURE_OBSERVE	= 1 << 3,	/* SET_MATCHES, OBSERVE */
	IPTABLES_TRACE_FEATURE_NFT	= 1 << 4,	/* IPTABLES_TRACE_BACK_END_NFT */
	IPTABLES_TRACE_FEATURE_COSTS	= 1 << 5,	/* SET_COSTS */
	IPTABLES_TRACE_FEATURE_ARP	= 1 << 6,	/* IPTABLES_TRACE_BACK_END_ARP */
	IPTABLES_TRACE_FEATURE_TRAVERSALS = 1 << 7,	/* SET_TRAVERSALS */
};

/* What the module probes while a session runs. A set of them says which are in place. */
enum {
	IPTABLES_TRACE_HOOK_IPV4	= 1 << 0,	/* ipt_do_table: tables of iptables */
	IPTABLES_TRACE_HOOK_IPV6	= 1 << 1,	/* ip6t_do_table: tables of ip6tables */
	IPTABLES_TRACE_HOOK_RULE	= 1 << 2,	/* nf_log_trace: rules */
	IPTABLES_TRACE_HOOK_USER_TRACE	= 1 << 3,	/* xt_TRACE: to leave the user's own traces alone */
	IPTABLES_TRACE_HOOK_REPLACE	= 1 << 4,	/* xt_replace_table: to know one ruleset from the next */
	IPTABLES_TRACE_HOOK_UNREGISTER	= 1 << 5,	/* xt_unregister_table: likewise */
	IPTABLES_TRACE_HOOK_DUP_IPV4	= 1 << 6,	/* nf_dup_ipv4: to keep our mark off the copies of TEE */
	IPTABLES_TRACE_HOOK_DUP_IPV6	= 1 << 7,	/* nf_dup_ipv6 */
	IPTABLES_TRACE_HOOK_NFT		= 1 << 8,	/* nft_do_chain: base chains of nf_tables */
	IPTABLES_TRACE_HOOK_NFT_RULE	= 1 << 9,	/* nft_trace_notify: their rules */
	/* nft_meta_set_eval: to leave the user's own traces alone. Only while there are or have been rules that make some. */
	IPTABLES_TRACE_HOOK_NFT_USER_TRACE = 1 << 10,
	/* nft_match_eval, nft_match_large_eval: matches of x_tables in rules of nf_tables. Only while somebody observes matches. */
	IPTABLES_TRACE_HOOK_NFT_MATCH	= 1 << 11,
	IPTABLES_TRACE_HOOK_NFT_LARGE_MATCH = 1 << 12,
};

/* iptables_trace_programs.back_ends */
enum {
	IPTABLES_TRACE_BACK_END_LEGACY	= 1 << 0,	/* tables of x_tables: ipt_do_table, ip6t_do_table */
	/*
	 * Base chains of nf_tables, of the families ip, ip6 and inet and, for packets of IPv4 and IPv6, bridge. Not of netdev and
	 * of ingress, where a packet is not one of IP yet.
	 */
	IPTABLES_TRACE_BACK_END_NFT	= 1 << 1,
	/*
	 * And those of the family arp, only together with IPTABLES_TRACE_BACK_END_NFT: for programs that know of packets that
	 * are none of IP.
	 */
	IPTABLES_TRACE_BACK_END_ARP	= 1 << 2,
};

struct iptables_trace_info {
	__u32	ctl_version;		/* IPTABLES_TRACE_CTL_VERSION of the module */
	__u16	ctx_version;		/* IPTABLES_TRACE_CTX_VERSION of the module */
	__u16	ctx_size;		/* sizeof(struct iptables_trace_ctx) of the module */
	__u32	features;		/* IPTABLES_TRACE_FEATURE_... */
	__u32	hooks;			/* IPTABLES_TRACE_HOOK_... in place now; modules loaded later are picked up */
	__u32	sessions;		/* that run now */
	__u32	max_sessions;		/* that may run at once */
	__u32	max_packets;		/* that all sessions together can follow at once */
	__u32	max_filter_len;		/* instructions of a filter */
	char	module_version[32];	/* for people */
};

/*
 * File descriptors of the BPF programs that run at each event, or -1 for none; at least one has to be given. The
 * session keeps a reference of its own. back_ends says which tables they want to hear of: 0 is the legacy ones alone, for
 * programs that know of no others.
 *
 * Taken is a program of type BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE or BPF_PROG_TYPE_KPROBE with expected_attach_type 0 that
 * does not sleep and does not use bpf_override_return(). Errors: EBADF (not a file descriptor), EINVAL (not a BPF program,
 * no program at all, an unknown back end, arp without nf_tables), EPROTOTYPE (another program type), EOPNOTSUPP (sleepable,
 * overriding, made for another way to attach, for a longer context or for more arguments; nf_tables without
 * IPTABLES_TRACE_FEATURE_NFT, arp without IPTABLES_TRACE_FEATURE_ARP), EBUSY (the session runs).
 */
struct iptables_trace_programs {
	__s32	enter;
	__s32	rule;
	__s32	leave;
	__u32	back_ends;		/* IPTABLES_TRACE_BACK_END_... */
};

/*
 * The program that runs for whole traversals (IPTABLES_TRACE_TRAVERSAL), or -1 for none, which is the default; and which
 * tables it wants to hear of. It takes the place of the programs of SET_PROGRAMS and SET_MATCHES, and they that of this one: what
 * was set last counts. A traversal costs a good part less this way than event by event.
 *
 * Errors: as of SET_PROGRAMS.
 */
struct iptables_trace_traversals {
	__s32	program;
	__u32	back_ends;		/* IPTABLES_TRACE_BACK_END_... */
};

/* iptables_trace_filter.flags */
enum {
	/*
	 * Select also the packets that are made while a selected packet is in a table, for example the answers of
	 * REJECT, whether they pass the filter or not.
	 */
	IPTABLES_TRACE_FILTER_CHILDREN	= 1 << 0,
};

/*
 * Classic BPF, as of pcap_compile() for DLT_RAW: it sees the packet from the IP header on, as the bpf match does, or from the
 * ARP header on. What it is, a load at SKF_AD_OFF + SKF_AD_PROTOCOL tells: ETH_P_IP, ETH_P_IPV6 or ETH_P_ARP. A packet is
 * selected if the filter returns something else than 0, at any table that it enters; once selected it is followed through the
 * later tables, also if NAT changes it. len 0 selects all packets, which is also the default.
 *
 * Errors: EINVAL (not a valid program, more than max_filter_len instructions), ENOMEM, EBUSY (the session runs).
 */
struct iptables_trace_filter {
	__u64	insns;			/* pointer to struct sock_filter[len] */
	__u32	len;			/* instructions */
	__u32	flags;			/* IPTABLES_TRACE_FILTER_... */
};

/*
 * Packets of which network namespace: fd as of /proc/PID/ns/net or /run/netns/NAME, or -1 for all. The default is the
 * namespace of the process that opened the session. The session does not keep the namespace alive; after its end
 * nothing is selected any more and iptables_trace_stats.flags says so.
 *
 * ADD_NETNS takes a further one, up to IPTABLES_TRACE_NETNS_MAX in all; SET_NETNS forgets those. With several, the
 * session goes on until the last has ended.
 *
 * Errors: EBADF, EINVAL (not a network namespace; ADD_NETNS of all, or to all), ENOSPC (one too many), EBUSY (the session runs).
 */
struct iptables_trace_netns {
	__s32	fd;
	__u32	reserved;
};

#define IPTABLES_TRACE_NETNS_MAX	16

/* iptables_trace_select.fields: which of them say something; the others must be zero */
enum {
	IPTABLES_TRACE_SELECT_IN	= 1 << 0,
	IPTABLES_TRACE_SELECT_OUT	= 1 << 1,
	IPTABLES_TRACE_SELECT_MARK	= 1 << 2,
	IPTABLES_TRACE_SELECT_UID	= 1 << 3,
	IPTABLES_TRACE_SELECT_PID	= 1 << 4,
	IPTABLES_TRACE_SELECT_CGROUP	= 1 << 5,
	IPTABLES_TRACE_SELECT_HOOKS	= 1 << 6,
	IPTABLES_TRACE_SELECT_TABLES	= 1 << 7,
	IPTABLES_TRACE_SELECT_SAMPLE	= 1 << 8,
	IPTABLES_TRACE_SELECT_FIRST	= 1 << 9,
	IPTABLES_TRACE_SELECT_RATE	= 1 << 10,
};

#define IPTABLES_TRACE_SELECT_NAME_LEN		16	/* of devices */
#define IPTABLES_TRACE_SELECT_TABLE_LEN		32
#define IPTABLES_TRACE_SELECT_TABLES_MAX	8

/*
 * Which packets besides. Every field that says something has to hold where a packet is selected, at any table that it
 * enters, and is asked before the filter; all of them are forgotten by a struct whose fields are 0, which is also the
 * default. A packet that is selected is followed as ever, and what is made on its way needs to fulfil none of this.
 *
 * sample, rate and first, asked in this order, then decide once for a packet, in each network namespace that it comes to
 * unless it is wanted already. Those that sample or first leave out are counted in packets_left_out, those that rate does
 * in packets_held_back. What is known of flows, and of packets that were not wanted, has room for the latest of them: 16384
 * flows of a session, and 2048 packets of all sessions. A flow that has been silent for two minutes is over. What makes up
 * a flow is what the packet has where it is first asked for, so where NAT is between, the two directions are two flows.
 *
 * uid, cgroup and pid hold for no packet but those that this host sends, at OUTPUT and POSTROUTING. What the kernel sends
 * by itself belongs to no user and no cgroup, and packets of ARP belong to nobody at all. A flow of ARP is all that two
 * addresses ask and tell each other. When the process of pid has ended, nothing is selected any more and
 * iptables_trace_stats.flags says so.
 *
 * Errors: EINVAL (an unknown field, one that says nothing but is not zero or the other way round, a name without an end or
 * with something behind it, a mark with bits outside of its mask, first above 65535), EBADF (cgroup), ESRCH (no such
 * process), EOPNOTSUPP (a kernel without cgroups of sockets), ENOMEM, EBUSY (the session runs).
 */
struct iptables_trace_select {
	__u32	fields;			/* IPTABLES_TRACE_SELECT_... */

	/* Of the packet, at this table. */
	__u32	mark;
	__u32	mark_mask;
	__u32	hooks;			/* bits: 1 << NF_INET_PRE_ROUTING ...; of ARP, those of LOCAL_IN and LOCAL_OUT */

	/* Of the socket that has sent it. */
	__u32	uid;			/* its owner */
	__s32	cgroup;			/* file descriptor of a folder of cgroup2: made in it or below */

	/* The process that sends it by a system call, by its number or that of a thread. */
	__u32	pid;

	__u32	sample;			/* one packet of so many; each CPU counts by itself */
	__u32	first;			/* so many packets of a flow, both directions together */
	__u32	rate;			/* no further packet while there were so many events in a second */
	__u32	reserved[2];

	/* As in rules: a + at the end stands for any rest. */
	char	in[IPTABLES_TRACE_SELECT_NAME_LEN];
	char	out[IPTABLES_TRACE_SELECT_NAME_LEN];
	/* One of these; the first empty one ends the list. */
	char	tables[IPTABLES_TRACE_SELECT_TABLES_MAX][IPTABLES_TRACE_SELECT_TABLE_LEN];
};

/*
 * The program that runs at IPTABLES_TRACE_MATCHES, or -1 for none, which is the default; and how many matches a second may
 * be observed on a CPU. Tables of x_tables have to be named for that, see OBSERVE; in nf_tables the matches of x_tables in rules
 * of iptables-nft are observed wherever the session traces a packet. When there were so many, traversals that begin before the
 * second is over go unobserved and are counted in unobserved_busy. 0: no limit.
 *
 * Errors: as of SET_PROGRAMS; EOPNOTSUPP also where the kernel cannot be observed: see OBSERVE.
 */
struct iptables_trace_matches {
	__s32	program;
	__u32	budget;
};

/*
 * Whether the session asks what rules take: iptables_trace_ctx.net_ns, and matches without what it takes to time them. What
 * tracing takes itself is measured in each traversal, and what cannot be measured from within, at START: own_probe and so on
 * of struct iptables_trace_stats. An event then takes longer; how long is not what is told. Sessions that have not asked are
 * told the same while one runs that has.
 *
 * Errors: EINVAL (neither 0 nor 1), EBUSY (the session runs).
 */
struct iptables_trace_costs {
	__u32	wanted;			/* 0 or 1 */
	__u32	reserved;
};

/*
 * Has the matches of a table's rules observed wherever a session that has a program for them traces a packet through it.
 * netns as in struct iptables_trace_netns, but not -1. Returns the ruleset that is observed, as of
 * iptables_trace_ctx.ruleset, or 0 unless the session runs, as rulesets have no number before; other rulesets of the table
 * are not, so after a replacement the table has to be named again. At any time, also while the session runs; a table that
 * is named again and has the same rules costs nothing. At most IPTABLES_TRACE_OBSERVE_MAX tables of a session.
 *
 * Errors: EBADF, EINVAL (not a network namespace, another family, a name without an end), ENOENT (no such table there),
 * EAGAIN (its rules are being replaced right now), ENODATA (the session has no program for matches), ENOSPC (one too
 * many), ENOMEM, EOPNOTSUPP (a kernel with PREEMPT_RT, or for a single CPU, which keeps the counters of rules inside them).
 */
struct iptables_trace_observe {
	__s32	netns;
	__u8	family;			/* 2 NFPROTO_IPV4, 10 NFPROTO_IPV6 */
	__u8	reserved[3];
	char	table[IPTABLES_TRACE_SELECT_TABLE_LEN];
	__u64	ruleset;		/* out */
};

#define IPTABLES_TRACE_OBSERVE_MAX	256

/* iptables_trace_stats.flags */
enum {
	IPTABLES_TRACE_STATS_RUNNING	= 1 << 0,
	IPTABLES_TRACE_STATS_NETNS_GONE	= 1 << 1,	/* all of the session's network namespaces have ended */
	/*
	 * Somebody has switched the kernel's probes off, and nothing is seen or counted as missed until they are on
	 * again. As of this moment, or of the STOP: who has to know asks often.
	 */
	IPTABLES_TRACE_STATS_PROBES_OFF	= 1 << 2,
	IPTABLES_TRACE_STATS_PROCESS_GONE = 1 << 3,	/* the process of iptables_trace_select.pid has ended */
};

/*
 * Since START; they stay readable after STOP.
 *
 * An event that the module numbered (events) was recorded, or it is in events_unwritten or events_not_run. So a reader
 * that has seen as many events as recorded and has accounted for the gaps knows that nothing is missing at the end
 * either. The missed_... counters are of the kernel's probes, which serve all sessions: what they missed might have
 * been of this session or not. The kernel counts them without atomic operations: two at the same instant on two CPUs may
 * count as one.
 */
struct iptables_trace_stats {
	__u32	flags;			/* IPTABLES_TRACE_STATS_... */
	__u32	hooks;			/* IPTABLES_TRACE_HOOK_... in place now */

	__u64	packets;		/* selected and given a number */
	__u64	packets_guessed;	/* followed on likely but not certain grounds, each time it happened */
	__u64	packets_refused;	/* selected, but there was no room to follow them: no event at all */
	__u64	packets_forgotten;	/* lost sight of for lack of room, perhaps before their end */

	__u64	events;			/* numbered */
	__u64	events_unwritten;	/* the program ran and returned other than 0 */
	__u64	events_not_run;		/* the program was not run: another was running on this CPU */

	__u64	missed_enter;		/* tables entered unnoticed, as a probe was running on this CPU */
	__u64	missed_leave;		/* the same: more tables in use at once than prepared for */
	__u64	missed_rule;		/* rules, likewise */
	__u64	missed_other;		/* the other probes, likewise */

	__u64	replacements;		/* beginnings and ends of replacements, see iptables_trace_ctx */
	__u64	reserved;

	/* With IPTABLES_TRACE_FEATURE_SELECT. Not losses: asked for. */
	__u64	packets_left_out;	/* for the sake of sample or first */
	__u64	packets_held_back;	/* for the sake of rate */

	/* With IPTABLES_TRACE_FEATURE_OBSERVE, in sessions with a program for matches. */
	__u64	matches;		/* reported to the program */
	__u64	unobserved_busy;	/* traversals whose matches were not, to keep to the budget */
	__u64	unobserved_unknown;	/* likewise, as the table's ruleset was not one that OBSERVE had named */

	/* With IPTABLES_TRACE_FEATURE_NFT. */
	__u64	untold;			/* traversals with IPTABLES_TRACE_F_UNTOLD */

	/* With IPTABLES_TRACE_FEATURE_COSTS, in sessions that have asked: in nanoseconds, as measured when one did last. */
	__u32	own_probe;		/* into a probe's handler and out of it */
	__u32	own_table;		/* out of the handler of a table's entry, and into that of its return */
	__u32	own_match;		/* to observe a match; 0 in a session without a program for them */
	__u32	own_clock;		/* to read the clock, as is done twice in each handler */
};

#define IPTABLES_TRACE_IOC		0xEB

#define IPTABLES_TRACE_GET_INFO		_IOR(IPTABLES_TRACE_IOC, 0, struct iptables_trace_info)
#define IPTABLES_TRACE_SET_PROGRAMS	_IOW(IPTABLES_TRACE_IOC, 1, struct iptables_trace_programs)
#define IPTABLES_TRACE_SET_FILTER	_IOW(IPTABLES_TRACE_IOC, 2, struct iptables_trace_filter)
#define IPTABLES_TRACE_SET_NETNS	_IOW(IPTABLES_TRACE_IOC, 3, struct iptables_trace_netns)
/*
 * From here on packets are selected. Errors: EBUSY (it runs already), ENODATA (no programs were set), EUSERS
 * (max_sessions run already), ENOMEM, EOPNOTSUPP (the kernel lets itself not be probed where needed, or its probes are
 * switched off: see its log). That no table exists yet, because ip_tables, ip6_tables or nf_tables is not loaded, is no
 * error; they are never loaded by this.
 */
#define IPTABLES_TRACE_START		_IO(IPTABLES_TRACE_IOC, 4)
/* When it returns, no packet is marked and no program runs any more for this session. Error: EALREADY (not running). */
#define IPTABLES_TRACE_STOP		_IO(IPTABLES_TRACE_IOC, 5)
#define IPTABLES_TRACE_GET_STATS	_IOR(IPTABLES_TRACE_IOC, 6, struct iptables_trace_stats)
#define IPTABLES_TRACE_ADD_NETNS	_IOW(IPTABLES_TRACE_IOC, 7, struct iptables_trace_netns)
#define IPTABLES_TRACE_SET_SELECT	_IOW(IPTABLES_TRACE_IOC, 8, struct iptables_trace_select)
#define IPTABLES_TRACE_SET_MATCHES	_IOW(IPTABLES_TRACE_IOC, 9, struct iptables_trace_matches)
#define IPTABLES_TRACE_OBSERVE		_IOWR(IPTABLES_TRACE_IOC, 10, struct iptables_trace_observe)
#define IPTABLES_TRACE_SET_COSTS	_IOW(IPTABLES_TRACE_IOC, 11, struct iptables_trace_costs)
#define IPTABLES_TRACE_SET_TRAVERSALS	_IOW(IPTABLES_TRACE_IOC, 12, \
					     struct iptables_trace_traversals)

#ifdef __cplusplus
#define IPTABLES_TRACE_ASSERT_SIZE(s, n) \
	static_assert(sizeof(struct s) == (n), "the layout is a contract")
#else
#define IPTABLES_TRACE_ASSERT_SIZE(s, n) \
	_Static_assert(sizeof(struct s) == (n), "the layout is a contract")
#endif
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_info, 64);
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_programs, 16);
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_traversals, 8);
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_filter, 16);
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_netns, 8);
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_select, 336);
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_matches, 8);
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_observe, 48);
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_costs, 8);
IPTABLES_TRACE_ASSERT_SIZE(iptables_trace_stats, 176);

#endif
