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
 * The walk in which this one begins. A softirq that has interrupted a walk, or runs when it turns bottom halves on
 * again, is not part of it. A task that has moved to another CPU leaves an entry behind; it is void when the walk
 * is over, and as long as it is not, only the walk itself can be what this task is doing.
 */
static void find_parent(struct itrace_walk *walk)
{
	const struct caller *here = this_cpu_ptr(&caller);

	walk->parent = NULL;
	walk->parent_id = 0;
	if (here->packet && here->task == current && here->softirq == in_softirq_now() &&
	    READ_ONCE(here->packet->walk_id) == here->walk_id) {
		walk->parent = here->packet;
		walk->parent_id = here->walk_id;
	}
}

/* Whether the session wants this packet, which it has not seen before. */
static bool selects(const struct itrace_session *session, const struct itrace_walk *walk)
{
	if (session->children && walk->parent && itrace_session_selected(session, walk->parent))
		return true;
	return !session->filter || itrace_filter_selects(session->filter, walk->skb);
}

/* The sessions for which the packet is traced through this table, as bits of their places in running. */
static unsigned int select(const struct itrace_running *running, const struct itrace_walk *walk,
			   const struct itrace_packet *known)
{
	const struct net *net = walk->state->net;
	unsigned int selected = 0;
	unsigned int i;

	for (i = 0; i < running->count; i++) {
		const struct itrace_session *session = running->session[i];
		const struct net *only = READ_ONCE(session->net);

		if (only && only != net)
			continue;
		if ((known && itrace_session_selected(session, known)) || selects(session, walk))
			selected |= BIT(i);
	}
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

/* Begins the walk if a session selects the packet. */
static bool begin(const struct itrace_running *running, struct itrace_walk *walk)
{
	struct itrace_packet *packet;
	unsigned int selected;
	bool known;

	packet = itrace_packet_resume(walk->skb, walk, &known);
	find_parent(walk);
	selected = select(running, walk, known ? packet : NULL);
	if (likely(!selected)) {
		if (packet)
			itrace_packet_drop(packet);
		return false;
	}
	if (!packet)
		packet = itrace_packet_new(walk->skb);
	if (!packet) {
		count_refused(running, selected);
		return false;
	}

	number(running, walk, packet, selected, known);
	walk->id = new_walk_id();
	walk->packet = packet;
	packet->walk = walk;
	WRITE_ONCE(packet->walk_id, walk->id);
	mark(running, walk);
	return true;
}

/* A table's entry. Without a walk its return goes unnoticed: this is all that a packet costs which nobody selects. */
static int enter(struct kretprobe_instance *instance, struct pt_regs *regs, u8 family)
{
	struct itrace_walk *walk = (struct itrace_walk *)instance->data;
	const struct itrace_running *running;
	int declined = 1;

	rcu_read_lock();
	running = rcu_dereference(itrace_running);
	if (running) {
		walk->skb = itrace_table_skb_arg(regs);
		walk->state = itrace_table_state_arg(regs);
		walk->table = itrace_table_arg(regs);
		if (begin(running, walk)) {
			itrace_event_enter(walk, family);
			itrace_progs_run(running, walk, regs);
			declined = 0;
		}
	}
	rcu_read_unlock();
	return declined;
}

int itrace_walk_enter_ipv4(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return enter(instance, regs, NFPROTO_IPV4);
}

NOKPROBE_SYMBOL(itrace_walk_enter_ipv4);

int itrace_walk_enter_ipv6(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	return enter(instance, regs, NFPROTO_IPV6);
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

	rcu_read_lock();
	running = rcu_dereference(itrace_running);
	if (running) {
		itrace_event_leave(walk, verdict);
		itrace_progs_run(running, walk, regs);
	}
	rcu_read_unlock();

	if (what == NF_STOLEN || what == NF_DROP)
		itrace_packet_drop(walk->packet);
	else
		itrace_packet_pause(walk->packet, walk->skb, what == NF_QUEUE);
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
	struct itrace_packet *packet = itrace_packet_of(itrace_log_skb_arg(regs));
	const struct itrace_running *running;
	struct itrace_walk *walk;

	if (!packet)
		return 0;
	walk = packet->walk;
	caller_set(packet, walk->id);

	rcu_read_lock();
	running = rcu_dereference(itrace_running);
	if (running) {
		itrace_event_rule(walk, itrace_log_chain_arg(regs), itrace_log_type_arg(regs),
				  itrace_log_rule_arg(regs));
		itrace_progs_run(running, walk, regs);
	}
	rcu_read_unlock();

	if (walk->marked && !walk->users)
		silence(regs);
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_rule);

/* The user's TRACE marks a packet that we may have marked before: from here on the mark is the user's. */
int itrace_walk_user_trace(struct kprobe *probe, struct pt_regs *regs)
{
	struct itrace_packet *packet = itrace_packet_of(itrace_target_skb_arg(regs));

	if (packet)
		packet->walk->users = true;
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_user_trace);

/* TEE copies the packet, mark and all, and sends the copy: the mark steps aside for so long if it is ours. */
int itrace_walk_dup_enter(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct sk_buff *skb = itrace_dup_skb_arg(regs);
	struct itrace_packet *packet = itrace_packet_of(skb);

	if (!packet || !packet->walk->marked || packet->walk->users)
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
