/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iptables_trace.ko, for its own files alone.
 *
 *	trace_main.c	the module: what is set up when, undone in reverse
 *	trace_device.c	/dev/iptables_trace: an open file is a session
 *	trace_control.c	what user space asks of it: the only place where its input is read
 *	trace_session.c	sessions: start, stop, which ones run
 *	trace_prog.c	which BPF programs are taken, and how they run
 *	trace_hooks.c	the probes in the kernel: which, when, what they missed
 *	trace_hook.[ch]	one of them, beside those of others
 *	trace_canary.c	whether probes are hit at all
 *	trace_walk.c	what happens at a probe: a packet's walk through a table
 *	trace_walk.h	what is kept of packets and their walks
 *	trace_wanted.h	which sessions want a packet
 *	trace_mark.c	the mark that has the kernel tell of rules, beside the user's own
 *	trace_nft.c	what is different where the table is a base chain of nf_tables
 *	trace_arp.[ch]	what is different where the packet is one of ARP
 *	trace_packet.c	packets that were selected, recognized from one table to the next
 *	trace_seen.h	whether one may be among them
 *	trace_order.c	which table comes first on a packet's way
 *	trace_select.c	what a session asks of packets besides its filter
 *	trace_owner.c	whose a packet is
 *	trace_limit.c	which of them it is content with: samples, the first of a flow, a rate
 *	trace_flow.c	which packets are the first of a flow
 *	trace_notes.c	what is kept of any number of packets or flows, in memory of a fixed size
 *	trace_notes.h	how it is asked
 *	trace_tell.h	how it is told: event by event, or of a whole walk
 *	trace_event.c	what a program of single events is told
 *	trace_note.h	what is noted of a walk, for programs of whole traversals
 *	trace_fill.h	the pieces of both
 *	trace_ruleset.c	which ruleset a table has at the moment
 *	trace_observe.c	what the matches of rules say, and what they cost
 *	trace_nft_match.c	the same of those in rules of nf_tables
 *	trace_nft_match.h	what a walk keeps for that
 *	trace_copy.c	copies of rulesets whose matches can be observed
 *	trace_copy.h	what these two share
 *	trace_cost.[ch]	what a walk takes, without what it takes to trace it
 *	trace_args.h	the arguments of the probed functions
 *	trace_nft.h	those of nf_tables
 */
#ifndef _IPTABLES_TRACE_H
#define _IPTABLES_TRACE_H

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/if.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "compat/compat.h"
#include "trace_cost.h"
#include "uapi/iptables_trace_ctl.h"
#include "uapi/iptables_trace_ctx.h"
#include "trace_walk.h"

struct bpf_prog;
struct cgroup;
struct itrace_copy;
struct itrace_nft_report;
struct itrace_notes;
struct module;
struct net;
struct nft_chain;
struct nft_pktinfo;
struct pid;
struct sock;
struct sock_fprog_kern;
struct xt_table;

/* How many selected packets can be followed at once, all sessions together: 200 bytes each, while a session runs. */
#define ITRACE_MAX_PACKETS	8192

/* Programs of a session, indexed by the kind of event. */
#define ITRACE_KINDS		(IPTABLES_TRACE_TRAVERSAL + 1)

/* What the kernel did not let the probes see, of all sessions. */
struct itrace_missed {
	u64 enter;
	u64 leave;
	u64 rule;
	u64 other;
};

static inline u64 itrace_missed_sum(const struct itrace_missed *missed)
{
	return missed->enter + missed->leave + missed->rule + missed->other;
}

/* Counters of a session, one set for each CPU. */
struct itrace_counters {
	u64 guessed;
	u64 refused;
	u64 forgotten;
	u64 events;
	u64 unwritten;
	u64 not_run;
	u64 left_out;
	u64 held_back;
	u64 sampled;			/* packets that sample was asked about */

	u64 matches;
	u64 untold;
	u64 unobserved_busy;
	u64 unobserved_unknown;
	unsigned long second;		/* with budget: when this second began, in jiffies */
	u64 matches_before;		/* and how many matches there had been then */
};

/* struct iptables_trace_select as the packet path reads it. */
struct itrace_select {
	u32 asked;			/* IPTABLES_TRACE_SELECT_... */
	u32 mark;
	u32 mark_mask;
	u32 hooks;
	kuid_t uid;
	struct pid *pid;		/* held */
	struct cgroup *cgroup;		/* held */
	u32 sample;
	u32 first;
	u32 rate;
	char in[IFNAMSIZ];
	char out[IFNAMSIZ];
	u8 in_len;			/* bytes that matter */
	u8 out_len;
	char tables[IPTABLES_TRACE_SELECT_TABLES_MAX][IPTABLES_TRACE_SELECT_TABLE_LEN];

	struct itrace_notes *flows;	/* with first: how many packets of each there were */
	u32 flow_seed;
	unsigned long second;		/* with rate: when this second began, in jiffies */
	atomic_t in_second;		/* events since */
};

/*
 * A session. While it runs nothing is changed in it but the counters, net and next_packet, so that probes read it
 * without locks; trace_control.c takes care of that.
 */
struct itrace_session {
	/* Another one at each start, never 0: tells this session's numbers in a packet from those of an earlier one. */
	u32 serial;
	unsigned int slot;

	struct bpf_prog *prog[ITRACE_KINDS];
	struct bpf_prog *filter;	/* classic; NULL selects all */
	bool children;
	bool legacy;			/* wants to hear of tables of x_tables */
	bool nft;			/* of base chains of nf_tables */
	bool arp;			/* and of those of the family arp */
	bool costs;			/* and what they take */

	struct itrace_select select;

	u32 budget;			/* of matches, for a CPU and second; 0: no limit */
	unsigned int observed;		/* tables */
	struct itrace_copy *copies[IPTABLES_TRACE_OBSERVE_MAX];

	/* NULL: all. Compared, never followed, and no reference is held; ITRACE_NETNS_GONE once it has ended. */
	struct net *net;
	struct net *more_nets[IPTABLES_TRACE_NETNS_MAX - 1];
	unsigned int more;

	atomic64_t next_packet;
	struct itrace_counters __percpu *counters;

	/* How these counters of the whole module stood at the start. */
	struct itrace_missed base_missed;
	u64 base_missed_sum;
	u64 base_replacements;

	struct iptables_trace_stats last;	/* as of the last stop */

	bool running;
	struct mutex lock;		/* of the configuration: one ioctl at a time */
	struct list_head list;
};

/* The sessions that run. Probes read it under RCU; a change replaces it. */
struct itrace_running {
	unsigned int count;
	bool marks;			/* a session needs packets to be marked */
	bool limits;			/* a session is content with some of the packets */
	bool observes;			/* a session has a program for matches */
	bool costs;			/* a session asks what walks take */
	unsigned int wholly;		/* bits: the sessions with a program of whole traversals */
	/* Bits: the sessions that want to hear of the one back end and the other. */
	unsigned int legacy;
	unsigned int nft;
	unsigned int arp;		/* some of these */
	struct itrace_session *session[ITRACE_MAX_SESSIONS];
};

/* In the place of a session's network namespace that has ended. */
#define ITRACE_NETNS_GONE	((struct net *)ERR_PTR(-ENOENT))

/* trace_session.c */
extern struct itrace_running __rcu *itrace_running;
struct itrace_session *itrace_session_create(struct net *net);
void itrace_session_destroy(struct itrace_session *session);
void itrace_session_set_net(struct itrace_session *session, struct net *net);
int itrace_session_add_net(struct itrace_session *session, struct net *net);
bool itrace_session_in_more_nets(const struct itrace_session *session, const struct net *net);
int itrace_session_start(struct itrace_session *session);
void itrace_session_stop(struct itrace_session *session);
void itrace_session_stats(struct itrace_session *session, struct iptables_trace_stats *stats);
unsigned int itrace_sessions_running(void);
int itrace_sessions_init(void);
void itrace_sessions_exit(void);

/* Whether a session is of this namespace, or of all. */
static __always_inline bool itrace_session_hears_of(const struct itrace_session *session,
						    const struct net *net)
{
	const struct net *only = READ_ONCE(session->net);

	return !only || only == net ||
	       (unlikely(session->more) && itrace_session_in_more_nets(session, net));
}

/* Classic code converted by the kernel leaves skb->cb alone, so there is nothing to save. */
static inline bool itrace_filter_selects(const struct bpf_prog *filter, const struct sk_buff *skb)
{
	return bpf_prog_run(filter, skb);
}

static inline bool itrace_session_selected(const struct itrace_session *session,
					   const struct itrace_packet *packet)
{
	return packet->serial[session->slot] == session->serial;
}

/* trace_device.c */
int itrace_device_init(void);
void itrace_device_exit(void);

/* trace_control.c */
long itrace_control(struct itrace_session *session, unsigned int cmd, void __user *arg);

/* trace_prog.c */
struct bpf_prog *itrace_prog_get(int fd, const char *what, size_t ctx_size);
struct bpf_prog *itrace_filter_create(struct sock_fprog_kern *code);
void itrace_progs_run_enter(const struct itrace_running *running, struct itrace_walk *walk,
			    const struct pt_regs *regs);
void itrace_progs_run_rule(const struct itrace_running *running, struct itrace_walk *walk,
			   const struct pt_regs *regs);
void itrace_progs_run_leave(const struct itrace_running *running, struct itrace_walk *walk,
			    const struct pt_regs *regs);
void itrace_progs_run_matches(const struct itrace_running *running, struct itrace_walk *walk,
			      const struct pt_regs *regs);
void itrace_progs_run_traversal(const struct itrace_running *running, struct itrace_walk *walk,
				const struct pt_regs *regs);

/* trace_hooks.c */
int itrace_hooks_set(bool nft, bool matches);
void itrace_hooks_remove(void);
void itrace_hooks_narrow(bool nft, bool matches);
void itrace_hooks_complete(void);
void itrace_hook_follow(struct kprobe *probe, struct pt_regs *regs);
void itrace_hooks_missed(struct itrace_missed *missed);
u64 itrace_hooks_missed_sum(void);
extern atomic64_t itrace_missed_least;
extern u32 itrace_hooks_now;

static inline bool itrace_hook_in_place(u32 which)
{
	return READ_ONCE(itrace_hooks_now) & which;
}

static inline u32 itrace_hooks_in_place(void)
{
	return READ_ONCE(itrace_hooks_now);
}

static inline u64 itrace_missed_at_least(void)
{
	return atomic64_read(&itrace_missed_least);
}

int itrace_hooks_suffice(bool marks);
int itrace_hooks_init(void);
void itrace_hooks_exit(void);

/* trace_walk.c */
int itrace_walk_enter_ipv4(struct kprobe *probe, struct pt_regs *regs);
int itrace_walk_enter_ipv6(struct kprobe *probe, struct pt_regs *regs);
int itrace_walk_enter_nft(struct kprobe *probe, struct pt_regs *regs);
int itrace_walk_begin(struct kretprobe_instance *instance, struct pt_regs *regs);
int itrace_walk_leave(struct kretprobe_instance *instance, struct pt_regs *regs);
int itrace_walk_rule(struct kprobe *probe, struct pt_regs *regs);
int itrace_walk_rule_nft(struct kprobe *probe, struct pt_regs *regs);
void itrace_walks_forget(void);
struct itrace_walk *itrace_walk_of_pkt(const struct nft_pktinfo *pkt);

/* trace_mark.c */
void itrace_mark(struct itrace_walk *walk, bool wanted);
void itrace_unmark(const struct itrace_walk *walk);
int itrace_hook_skip(struct pt_regs *regs);
int itrace_mark_silence(const struct itrace_walk *walk, struct pt_regs *regs);
int itrace_mark_user_trace(struct kprobe *probe, struct pt_regs *regs);
int itrace_mark_dup_enter(struct kretprobe_instance *instance, struct pt_regs *regs);
int itrace_mark_dup_leave(struct kretprobe_instance *instance, struct pt_regs *regs);

/* trace_nft.c */
#if IS_ENABLED(CONFIG_NF_TABLES)
void itrace_nft_hold_key(void);
void itrace_nft_release_key(void);
void itrace_nft_forget_key(void);
bool itrace_nft_users_trace(void);
void itrace_nft_settle(void);
bool itrace_nft_can_mark(void);
int itrace_nft_set_mark(struct kprobe *probe, struct pt_regs *regs);
int itrace_nft_prepare(struct kprobe *probe, struct pt_regs *regs);
int itrace_nft_silence(const struct itrace_walk *walk, struct pt_regs *regs);
u8 itrace_nft_family_at_bridge(const struct sk_buff *skb);
bool itrace_nft_is_nat(const struct nft_chain *chain);
int itrace_nft_priority(const struct nft_chain *chain);
const char *itrace_nft_table_name(const struct nft_chain *chain);
u64 itrace_nft_generation(const struct nft_chain *chain, const struct net *net);
void itrace_nft_describe(struct itrace_walk *walk);
void itrace_nft_name_chain(struct itrace_walk *walk, const struct nft_chain *chain);
#else
/* No packet comes by any chain. */
static inline void itrace_nft_hold_key(void) {}
static inline void itrace_nft_release_key(void) {}
static inline void itrace_nft_forget_key(void) {}
static inline void itrace_nft_settle(void) {}
static inline bool itrace_nft_can_mark(void) { return false; }
static inline bool itrace_nft_is_nat(const struct nft_chain *chain) { return false; }
static inline int itrace_nft_priority(const struct nft_chain *chain) { return 0; }
static inline const char *itrace_nft_table_name(const struct nft_chain *chain) { return ""; }
static inline u64 itrace_nft_generation(const struct nft_chain *chain, const struct net *net)
{
	return 0;
}

static inline void itrace_nft_describe(struct itrace_walk *walk) {}
static inline void itrace_nft_name_chain(struct itrace_walk *walk, const struct nft_chain *chain) {}
#endif

/* trace_packet.c */
int itrace_packets_alloc(void);
void itrace_packets_free(void);
struct itrace_packet *itrace_packet_resume(const struct itrace_visit *at, bool *same);
struct itrace_packet *itrace_packet_new(const struct sk_buff *skb);
struct itrace_walk *itrace_packet_walk(const struct sk_buff *skb);
void itrace_packet_pause(struct itrace_packet *packet, bool queued);
void itrace_packet_release(struct itrace_packet *packet);
void itrace_packet_drop(struct itrace_packet *packet);

u64 itrace_packet_content(const struct sk_buff *skb, u8 family);

/* trace_order.c */
void itrace_order_find(struct itrace_visit *at);
bool itrace_comes_later(const struct itrace_order *order, const struct itrace_order *than);
const char *itrace_table_name(const struct itrace_visit *at);

/* trace_select.c */
int itrace_select_create(struct itrace_select *select, const struct iptables_trace_select *in);
void itrace_select_destroy(struct itrace_select *select);
bool itrace_select_holds(const struct itrace_select *select, const struct itrace_visit *at);
bool itrace_select_holds_arp(const struct itrace_select *select, const struct itrace_visit *at);
bool itrace_select_in_vain(const struct itrace_select *select);

/* What asks whose a packet is; all that itrace_select_holds() is for; what itrace_limit_admit() is for. */
#define ITRACE_OWNER		(IPTABLES_TRACE_SELECT_UID | IPTABLES_TRACE_SELECT_PID | \
				 IPTABLES_TRACE_SELECT_CGROUP)
#define ITRACE_PREDICATES	(IPTABLES_TRACE_SELECT_IN | IPTABLES_TRACE_SELECT_OUT | \
				 IPTABLES_TRACE_SELECT_MARK | IPTABLES_TRACE_SELECT_HOOKS | \
				 IPTABLES_TRACE_SELECT_TABLES | ITRACE_OWNER)
#define ITRACE_LIMITS		(IPTABLES_TRACE_SELECT_SAMPLE | IPTABLES_TRACE_SELECT_FIRST | \
				 IPTABLES_TRACE_SELECT_RATE)

/* trace_owner.c */
bool itrace_owner_is_here(const struct sk_buff *skb, const struct nf_hook_state *state);
struct sock *itrace_owner_socket(const struct sk_buff *skb, const struct nf_hook_state *state);
struct pid *itrace_owner_process(const struct sock *sk);
bool itrace_owner_fill(struct iptables_trace_owner *owner, const struct itrace_walk *walk);

/* trace_limit.c */
int itrace_limits_alloc(void);
void itrace_limits_free(void);
void itrace_limit_reset(struct itrace_select *select);
unsigned int itrace_limit_admit(const struct itrace_running *running, unsigned int selected,
				const struct itrace_visit *at, const struct itrace_packet *known,
				const struct itrace_packet *parent);

static inline void itrace_limit_count(struct itrace_select *select, unsigned int events)
{
	if (select->asked & IPTABLES_TRACE_SELECT_RATE)
		atomic_add(events, &select->in_second);
}

/* trace_flow.c */
int itrace_flows_create(struct itrace_select *select);
bool itrace_flow_admits(struct itrace_select *select, const struct sk_buff *skb, u8 family);

/* trace_event.c */
void itrace_event_rule(struct itrace_walk *walk, const char *chain, const char *type,
		       unsigned int number);
void itrace_event_rule_nft(struct itrace_walk *walk, const struct itrace_nft_report *report);
void itrace_event_leave(struct itrace_walk *walk, unsigned int verdict, bool gone);
void itrace_event_matches(struct itrace_walk *walk, struct iptables_trace_match *matches,
			  unsigned int count, bool stolen);

/* trace_ruleset.c */
u64 itrace_ruleset_of(const struct xt_table *table, u64 *clock);
u64 itrace_ruleset_replacements(void);
void itrace_rulesets_reset(void);
int itrace_ruleset_replace_enter(struct kretprobe_instance *instance, struct pt_regs *regs);
int itrace_ruleset_replace_leave(struct kretprobe_instance *instance, struct pt_regs *regs);
int itrace_ruleset_unregister(struct kprobe *probe, struct pt_regs *regs);

/* trace_observe.c */
bool itrace_observe_possible(void);
unsigned int itrace_observers(const struct itrace_running *running,
			      const struct itrace_walk *walk);
int itrace_observe_alloc(void);
void itrace_observe_free(void);
void itrace_observe_begin(const struct itrace_running *running, struct itrace_walk *walk,
			  struct pt_regs *regs);
void itrace_observe_rule(const struct itrace_running *running, struct itrace_walk *walk,
			 const struct pt_regs *regs);
void itrace_observe_rest(const struct itrace_running *running, const struct itrace_walk *walk,
			 const struct pt_regs *regs, bool stolen);
void itrace_observe_end(struct itrace_walk *walk);

/* trace_copy.c */
int itrace_observe_table(struct itrace_session *session, struct net *net, u8 family,
			 const char *name, u64 *ruleset);
void itrace_observe_nothing(struct itrace_session *session);
void itrace_observe_table_gone(const struct xt_table *table);

#endif
