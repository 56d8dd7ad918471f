/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xt_ebpf.ko, for its own files alone.
 *
 *	match_main.c	the module: what is set up when, undone in reverse
 *	match_v1.c	revisions 0 and 1, as in-tree
 *	match_v2.c	revision 2: rules that come, run and go
 *	match_prog.c	which programs are taken, and what is said of those that are not
 *	match_source.c	what users wrote: kept once, and compared
 *	match_rule.c	the rules of revision 2 that live, by handle; the exchange of their programs
 *	match_run.h	the word of a rule that says what it runs
 *	match_numbers.c	counting
 *	match_control.c	generic netlink
 */
#ifndef _XT_EBPF_MATCH_H
#define _XT_EBPF_MATCH_H

#include <linux/bpf.h>
#include <linux/build_bug.h>
#include <linux/filter.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/types.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_bpf.h>
#include <net/net_namespace.h>

#include "compat/compat.h"
#include "match_run.h"
#include "uapi/xt_ebpf.h"

struct netlink_ext_ack;

/*
 * What a user wrote for a rule, once for all rules of a namespace that say the same. Nothing in it changes. Lives as long
 * as it has users: rules, and sockets that have stored it.
 */
struct match_source {
	struct hlist_node node;
	unsigned int users;		/* under match_lock */
	struct list_head holds;		/* those of the users that are sockets; likewise */
	struct list_head rules;		/* and those that are rules */

	const struct net *net;		/* compared, never followed */
	u64 id;				/* a keyed hash of all that follows */
	u16 kind;			/* XT_EBPF_BYTECODE ... */
	u16 num_insns;
	u16 text_len;
	struct bpf_prog *prog;		/* made from the instructions; NULL if there are none */
	/* Instructions, text and a zero, as in xt_ebpf_info.data. */
	u8 data[] __aligned(8);
};

struct match_numbers {
	u64 runs;
	u64 matches;
	u64 nanoseconds;
};

/*
 * A rule of revision 2, whose blob points here. iptables-legacy hands in a copy of a rule before it takes the old one away:
 * both are this rule.
 */
struct xt_ebpf_rule {
	/*
	 * The program, with MATCH_... in the lowest bits. Read under RCU, as netfilter hooks run; replaced under
	 * match_lock. The rule holds a reference, but for classic programs, which belong to the source.
	 */
	unsigned long run;
	/* NULL until counting is on for the first time in the rule's life. Never replaced. */
	struct match_numbers __percpu *numbers;

	/* The rest is for control. All that changes does so under match_lock. */
	struct hlist_node node;
	struct list_head of_source;
	unsigned int references;	/* blobs that point here */
	u64 handle;
	const struct net *net;		/* compared, never followed */
	struct match_source *source;
	u16 flags;			/* XT_EBPF_F_... */
	u8 family;
	bool nft;			/* in a table of nf_tables: MATCH_MAY_MIGRATE */
	time64_t since;
	char table[];
};

/* iptables_trace.ko knows no more of a rule than that. */
static_assert(offsetof(struct xt_ebpf_rule, run) == 0);

static inline const struct bpf_prog *match_rule_prog(const struct xt_ebpf_rule *rule)
{
	return match_run_prog(READ_ONCE(rule->run));
}

/*
 * Whether the caller already keeps this task on its CPU, as a BPF program needs. ip_tables, ip6_tables and everything in
 * softirq do; nf_tables on the output path of a process does not. On PREEMPT_RT softirqs are off without a trace in
 * preempt_count(), and turning them off holds a lock that forbids migration.
 */
static __always_inline bool match_stays_on_cpu(void)
{
	return preempt_count() || (IS_ENABLED(CONFIG_PREEMPT_RT) && softirq_count());
}

/* Whoever the network namespace belongs to gets no more than the in-tree match gives. */
static inline bool match_net_is_limited(const struct net *net)
{
	return net->user_ns != &init_user_ns;
}

/* match_v1.c, match_v2.c */
int match_v1_register(void);
void match_v1_unregister(void);
int match_v2_register(void);
void match_v2_unregister(void);

/* match_prog.c. The first is for insertion time; its lines are limited in rate. */
__printf(2, 3) void match_explain(const struct xt_mtchk_param *par, const char *fmt, ...);
int match_prog_from_fd(const struct xt_mtchk_param *par, int fd, bool netfilter,
		       struct bpf_prog **prog);
int match_prog_from_pin(const struct xt_mtchk_param *par, const char *path, bool netfilter,
			struct bpf_prog **prog);
bool match_prog_is_netfilter(const struct bpf_prog *prog);

/* match_rule.c. One lock for sources, rules, holds and counting; never taken in the packet path. */
extern struct mutex match_lock;
/* Where a rule is. Legacy and nft tables of a name are two. */
struct match_place {
	const struct net *net;
	const char *table;
	u8 family;
	bool nft;
};

struct match_filter {
	const struct net *net;	/* NULL: any */
	u32 prog_id;		/* 0: any */
};

struct match_walk {
	unsigned int bucket;
	unsigned int skip;
};

int match_rule_add(const struct xt_mtchk_param *par, struct xt_ebpf_info *info,
		   struct match_source *source, struct bpf_prog *prog);
int match_rule_again(const struct xt_mtchk_param *par, struct xt_ebpf_info *info);
void match_rule_put(struct xt_ebpf_rule *rule);
struct xt_ebpf_rule *match_rule_by_handle(const struct net *net, u64 handle);
struct xt_ebpf_rule *match_rule_by_blob(const struct match_place *place,
					const struct xt_ebpf_info *info);
struct xt_ebpf_rule *match_rule_next(const struct match_filter *filter, struct match_walk *walk);
unsigned int match_rules_changes(void);
void match_rules_count(bool count);
int match_rules_swap(const struct net *net, u32 prog_id, int fd, struct netlink_ext_ack *extack);

/* match_source.c. All under match_lock. */
const char *match_source_misfits(const struct xt_ebpf_info *info);
const char *match_source_fault(u16 kind, unsigned int num_insns, const u8 *text,
			       unsigned int text_len, const struct net *net);
struct match_source *match_source_get(const struct net *net, u16 kind, unsigned int num_insns,
				      const void *insns, unsigned int text_len, const u8 *text);
struct match_source *match_source_find(const struct net *net, const struct xt_ebpf_info *info);
bool match_source_is(const struct match_source *source, const struct xt_ebpf_info *info);
void match_source_put(struct match_source *source);
int match_source_init(void);

static inline const u8 *match_source_text(const struct match_source *source)
{
	return source->data + source->num_insns * sizeof(struct sock_filter);
}

/* Of a blob that does not misfit and holds its contents itself. */
static inline const u8 *match_source_text_in(const struct xt_ebpf_info *info)
{
	return info->data + info->num_insns * sizeof(struct sock_filter);
}

/* match_numbers.c */
DECLARE_STATIC_KEY_FALSE(match_counts);
DECLARE_STATIC_KEY_FALSE(match_times);
int match_numbers_prepare(struct xt_ebpf_rule *rule);
void match_numbers_sum(const struct xt_ebpf_rule *rule, struct match_numbers *sum);

/* match_control.c */
int match_control_init(void);
void match_control_exit(void);

#endif
