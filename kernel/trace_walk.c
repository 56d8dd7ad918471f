// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens at the probes: a packet's walk through a table.
 *
 * The state of a walk is the data of a kretprobe instance. It is there from the table's entry to its return and
 * belongs to nobody else, however walks nest, are interrupted or move to another CPU.
 *
 * All of this runs with preemption disabled, as probe handlers do. The whole walk is within an RCU read-side
 * critical section, that of the netfilter hook: once synchronize_rcu() has returned, every walk that knew the
 * sessions of before is over, and its mark is gone.
 *
 * The mark is skb->nf_trace. It has the kernel call nf_log_trace() for each rule that the packet meets, and nothing
 * else of it may be seen: no line in the kernel log, no mark on the packet outside of the table or on a copy of it.
 * A trace that the user has asked for is left as it is.
 */
#include <linux/netfilter/x_tables.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_log.h>

#include "trace.h"
#include "trace_args.h"

atomic64_t itrace_log_leaked;

/* Numbers of walks: without a counter that all CPUs fight for. */
static DEFINE_PER_CPU(u64, walks_begun);

/*
 * Whose rule's target runs on this CPU. It can send packets, which then walk through tables themselves, by the same
 * thread of execution. Written at a rule, when bottom halves are off until the walk ends but for its last instructions.
 */
struct caller {
	struct itrace_packet *packet;
	u64 walk_id;
	struct task_struct *task;
	bool softirq;
};

static DEFINE_PER_CPU(struct caller, caller);

/* A selected packet at a table's entry, until its walk begins; one on a CPU, as probes do not interrupt each other. */
struct arrival {
	const struct itrace_running *running;
	struct itrace_packet *packet;	/* its place, or that of another one in the same memory, or NULL */
	bool known;			/* it is the packet's own */
	unsigned int selected;
	u8 family;
	bool begun;

	struct itrace_packet *parent;
	u64 parent_id;
};

static DEFINE_PER_CPU(struct arrival *, arriving);

/* When no walk is left that could be somebody's parent. */
void itrace_walks_forget(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		per_cpu_ptr(&caller, cpu)->packet = NULL;
}

static bool in_softirq_now(void)
{
	return in_serving_softirq();
}

static void caller_set(struct itrace_packet *packet, u64 walk_id)
{
	struct caller *here = this_cpu_ptr(&caller);

	here->packet = packet;
	here->walk_id = walk_id;
	here->task = current;
	here->softirq = in_softirq_now();
}

/*
 * The walk in which the one that is about to begin is. A softirq that has interrupted a walk, or runs when it turns bottom
 * halves on again, is not part of it. A task that has moved to another CPU leaves an entry behind; it is void when the walk
 * is over, and as long as it is not, only the walk itself can be what this task is doing.
 */
static void find_parent(struct arrival *arrival)
{
	struct caller *here = this_cpu_ptr(&caller);

	if (here->packet && READ_ONCE(here->packet->walk_id) != here->walk_id)
		here->packet = NULL;
	if (here->packet && here->task == current && here->softirq == in_softirq_now()) {
		arrival->parent = here->packet;
		arrival->parent_id = here->walk_id;
	}
}

/* Whether a session wants the packet for its own sake. */
static __always_inline bool wants(const struct itrace_session *session, const struct sk_buff *skb,
				  const struct nf_hook_state *state, const struct xt_table *table)
{
	if (unlikely(session->select.asked & ITRACE_PREDICATES) &&
	    !itrace_select_holds(&session->select, skb, state, table))
		return false;
	return !session->filter || itrace_filter_selects(session->filter, skb);
}

/*
 * The sessions for which the packet is traced through this table, as bits of their places in running. What is known of the
 * packet and of its parent, if anything, matters as much as what the filters say.
 */
static __always_inline unsigned int select(const struct itrace_running *running,
					   const struct sk_buff *skb,
					   const struct nf_hook_state *state,
					   const struct xt_table *table,
					   const struct itrace_packet *known,
					   const struct itrace_packet *parent)
{
	const struct net *net = state->net;
	unsigned int selected = 0;
	unsigned int i = 0;

	/* There is one at least. */
	do {
		const struct itrace_session *session = running->session[i];
		const struct net *only = READ_ONCE(session->net);

		if (only && only != net &&
		    (likely(!session->more) || !itrace_session_in_more_nets(session, net)))
			continue;
		if ((known && itrace_session_selected(session, known)) ||
		    wants(session, skb, state, table) ||
		    (parent && session->children && itrace_session_selected(session, parent)))
			selected |= BIT(i);
	} while (++i < running->count);
	return selected;
}

/* Gives the packet a number in each session that has selected it and not yet done so. */
static void number(const struct itrace_running *running, const struct itrace_walk *walk,
		   struct itrace_packet *packet, unsigned int selected, bool known)
{
	unsigned int i;

	if (!known) {
		memset(packet->in, 0, sizeof(packet->in));
		packet->child_of = 0;
		packet->guessed = false;
	}
	for (i = 0; i < running->count; i++) {
		struct itrace_session *session = running->session[i];

		if (!(selected & BIT(i)))
			continue;
		if (itrace_session_selected(session, packet)) {
			if (packet->guessed)
				this_cpu_inc(session->counters->guessed);
			continue;
		}
		packet->in[session->slot].id = atomic64_inc_return(&session->next_packet);
		packet->in[session->slot].serial = session->serial;
		packet->in[session->slot].seq = 0;
		packet->child_of &= ~BIT(session->slot);
		if (session->children && walk->parent &&
		    itrace_session_selected(session, walk->parent))
			packet->child_of |= BIT(session->slot);
	}
}

static void count_refused(const struct itrace_running *running, unsigned int selected)
{
	unsigned int i;

	for (i = 0; i < running->count; i++)
		if (selected & BIT(i))
			this_cpu_inc(running->session[i]->counters->refused);
}

static u64 new_walk_id(void)
{
	return this_cpu_inc_return(walks_begun) * nr_cpu_ids + smp_processor_id();
}

/* Has the kernel tell us of the rules that the packet meets. */
static void mark(const struct itrace_running *running, struct itrace_walk *walk)
{
	walk->marked = false;
	walk->users = false;
#if IS_ENABLED(CONFIG_NETFILTER_XT_TARGET_TRACE)
	walk->users = walk->skb->nf_trace;
	if (!walk->users && running->marks && itrace_hook_in_place(IPTABLES_TRACE_HOOK_RULE)) {
		walk->skb->nf_trace = 1;
		walk->marked = true;
	}
#endif
}

static void set_mark(struct sk_buff *skb, bool value)
{
#if IS_ENABLED(CONFIG_NETFILTER_XT_TARGET_TRACE)
	skb->nf_trace = value;
#endif
}

/* Begins the walk of a selected packet, unless there is no room to follow it. */
static bool begin(struct arrival *arrival, struct itrace_walk *walk)
{
	struct itrace_packet *packet = arrival->packet;

	if (!packet)
		packet = itrace_packet_new(walk->skb);
	if (!packet) {
		count_refused(arrival->running, arrival->selected);
		return false;
	}

	walk->parent = arrival->parent;
	walk->parent_id = arrival->parent_id;
	number(arrival->running, walk, packet, arrival->selected, arrival->known);
	walk->id = new_walk_id();
	walk->packet = packet;
	WRITE_ONCE(packet->walk, walk);
	WRITE_ONCE(packet->walk_id, walk->id);
	mark(arrival->running, walk);
	walk->observers = 0;
	arrival->begun = true;
	return true;
}

/* The kretprobe has taken an instance for the packet that has just arrived: its data is the walk. */
int itrace_walk_begin(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct itrace_walk *walk = (struct itrace_walk *)instance->data;
	struct arrival *arrival = this_cpu_read(arriving);

	/* The probe is just being set. */
	if (!arrival)
		return 1;
	walk->skb = itrace_table_skb_arg(regs);
	walk->state = itrace_table_state_arg(regs);
	walk->table = itrace_table_arg(regs);
	if (!begin(arrival, walk))
		return 1;
	if (unlikely(arrival->running->observes))
		itrace_observe_begin(arrival->running, walk, regs);
	itrace_event_enter(walk, arrival->family);
	itrace_progs_run(arrival->running, walk, regs);
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_begin);

/* A packet at a table's entry that is selected, or may be for another reason than its own looks. */
static noinline int arrive(struct kprobe *probe, struct pt_regs *regs, u8 family,
			   const struct itrace_running *running, unsigned int selected)
{
	const struct nf_hook_state *state = itrace_table_state_arg(regs);
	const struct xt_table *table = itrace_table_arg(regs);
	const struct sk_buff *skb = itrace_table_skb_arg(regs);
	struct arrival arrival = { .running = running, .family = family };

	arrival.packet = itrace_packet_resume(skb, state, table, &arrival.known);
	find_parent(&arrival);
	if (!selected)
		selected = select(running, skb, state, table, arrival.known ? arrival.packet : NULL,
				  arrival.parent);
	if (selected && running->limits)
		selected = itrace_limit_admit(running, selected, skb, state, table,
					      arrival.known ? arrival.packet : NULL,
					      arrival.parent);
	if (selected) {
		arrival.selected = selected;
		this_cpu_write(arriving, &arrival);
		itrace_hook_follow(probe, regs);
		this_cpu_write(arriving, NULL);
	}

	if (arrival.packet && !arrival.begun) {
		/* Missed, and counted as that, by a kretprobe without instances: it may do better at the next table. */
		if (selected && arrival.known)
			itrace_packet_release(arrival.packet);
		else
			itrace_packet_drop(arrival.packet);
	}
	return 0;
}

/* A table's entry. For a packet that nobody selects this is all that it costs: its return goes unnoticed. */
static __always_inline int enter(struct kprobe *probe, struct pt_regs *regs, u8 family)
{
	const struct itrace_running *running = rcu_dereference_sched(itrace_running);
	unsigned int selected = 0;

	if (!running)
		return 0;
	if (likely(!itrace_packet_seen(itrace_table_skb_arg(regs)) &&
		   !this_cpu_read(caller.packet))) {
		selected = select(running, itrace_table_skb_arg(regs), itrace_table_state_arg(regs),
				  itrace_table_arg(regs), NULL, NULL);
		if (likely(!selected))
			return 0;
	}
	return arrive(probe, regs, family, running, selected);
}

int itrace_walk_enter_ipv4(struct kprobe *probe, struct pt_regs *regs)
{
	return enter(probe, regs, NFPROTO_IPV4);
}

NOKPROBE_SYMBOL(itrace_walk_enter_ipv4);

int itrace_walk_enter_ipv6(struct kprobe *probe, struct pt_regs *regs)
{
	return enter(probe, regs, NFPROTO_IPV6);
}

NOKPROBE_SYMBOL(itrace_walk_enter_ipv6);

/*
 * A table's return. The skb is still the caller's to judge and therefore there, also if it is to be dropped or queued;
 * only if it is stolen it must not be touched any more.
 */
int itrace_walk_leave(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct itrace_walk *walk = (struct itrace_walk *)instance->data;
	unsigned int verdict = regs_return_value(regs);
	unsigned int what = verdict & NF_VERDICT_MASK;
	const struct itrace_running *running;

	if (walk->marked && !walk->users && what != NF_STOLEN)
		set_mark(walk->skb, false);
	if (this_cpu_read(caller.packet) == walk->packet &&
	    this_cpu_read(caller.walk_id) == walk->id)
		caller_set(walk->parent, walk->parent_id);

	running = rcu_dereference_sched(itrace_running);
	if (running) {
		if (unlikely(walk->observers))
			itrace_observe_rest(running, walk, regs, what == NF_STOLEN);
		itrace_event_leave(walk, verdict);
		itrace_progs_run(running, walk, regs);
	}

	if (what == NF_STOLEN || what == NF_DROP)
		itrace_packet_drop(walk->packet);
	else
		itrace_packet_pause(walk->packet, walk->skb, what == NF_QUEUE);
	if (unlikely(walk->observers))
		itrace_observe_end(walk);
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_leave);

/* Keeps the line that nf_log_trace() is about to write out of the log: no logger is bound to the family it is told. */
static void silence(struct pt_regs *regs)
{
	struct net *net = itrace_log_net_arg(regs);
	unsigned int family;

	for (family = 0; family < ARRAY_SIZE(net->nf.nf_loggers); family++) {
		if (likely(!rcu_access_pointer(net->nf.nf_loggers[family]))) {
			itrace_set_arg(regs, ITRACE_LOG_FAMILY_ARG, family);
			return;
		}
	}
	atomic64_inc(&itrace_log_leaked);
}

/* A packet meets a rule, whose target comes next. */
int itrace_walk_rule(struct kprobe *probe, struct pt_regs *regs)
{
	struct itrace_walk *walk = itrace_packet_walk(itrace_log_skb_arg(regs));
	const struct itrace_running *running;

	if (!walk)
		return 0;
	caller_set(walk->packet, walk->id);

	running = rcu_dereference_sched(itrace_running);
	if (running) {
		if (unlikely(walk->observers))
			itrace_observe_rule(running, walk, regs);
		itrace_event_rule(walk, itrace_log_chain_arg(regs), itrace_log_type_arg(regs),
				  itrace_log_rule_arg(regs));
		itrace_progs_run(running, walk, regs);
	}

	if (walk->marked && !walk->users)
		silence(regs);
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_rule);

/* The user's TRACE marks a packet that we may have marked before: from here on the mark is the user's. */
int itrace_walk_user_trace(struct kprobe *probe, struct pt_regs *regs)
{
	struct itrace_walk *walk = itrace_packet_walk(itrace_target_skb_arg(regs));

	if (walk)
		walk->users = true;
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_user_trace);

/* TEE copies the packet, mark and all, and sends the copy: the mark steps aside for so long if it is ours. */
int itrace_walk_dup_enter(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct sk_buff *skb = itrace_dup_skb_arg(regs);
	const struct itrace_walk *walk = itrace_packet_walk(skb);

	if (!walk || !walk->marked || walk->users)
		return 1;
	set_mark(skb, false);
	*(struct sk_buff **)instance->data = skb;
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_dup_enter);

int itrace_walk_dup_leave(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	set_mark(*(struct sk_buff **)instance->data, true);
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_dup_leave);
