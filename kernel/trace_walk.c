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
 * Both back ends come by here: tables of x_tables, and base chains of nf_tables, for which table stands here too.
 */
#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "trace.h"
#include "trace_args.h"
#include "trace_seen.h"
#include "trace_tell.h"
#include "trace_wanted.h"

#if IS_ENABLED(CONFIG_NF_TABLES)
#include "trace_nft.h"
#endif

/* Numbers of walks: without a counter that all CPUs fight for. */
static DEFINE_PER_CPU(u64, walks_begun);

/*
 * Whose rule's target runs on this CPU. It is known from the walk's beginning, and again at each rule, as the walk may have
 * moved to another CPU: what was sent in between is nobody's. In x_tables there is nothing in between, as bottom halves are
 * off from before the first rule until the walk ends but for its last instructions.
 */
static DEFINE_PER_CPU(struct itrace_caller, caller);

/* A selected packet at a table's entry, until its walk begins; one on a CPU, as probes do not interrupt each other. */
struct arrival {
	const struct itrace_running *running;
	const struct itrace_visit *at;
	struct itrace_packet *packet;	/* its place, or that of another one in the same memory, or NULL */
	bool known;			/* it is the packet's own */
	unsigned int selected;
	struct itrace_walk *walk;	/* that has begun, or NULL */

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

static noinline void caller_begin(struct itrace_walk *walk)
{
	struct itrace_caller *here = this_cpu_ptr(&caller);

	walk->before.packet = NULL;
	if (unlikely(here->packet))
		walk->before = *here;
	here->packet = walk->packet;
	here->walk_id = walk->id;
	here->task = current;
	here->softirq = in_serving_softirq();
}

/* The walk goes on, where it was or on another CPU. */
static __always_inline void caller_goes_on(struct itrace_walk *walk)
{
	const struct itrace_caller *here = this_cpu_ptr(&caller);

	if (unlikely(here->packet != walk->packet || here->walk_id != walk->id))
		caller_begin(walk);
}

static void caller_end(const struct itrace_walk *walk)
{
	struct itrace_caller *here = this_cpu_ptr(&caller);

	if (here->packet != walk->packet || here->walk_id != walk->id)
		return;
	if (likely(!walk->before.packet))
		here->packet = NULL;
	else
		*here = walk->before;
}

/*
 * The walk in which the one that is about to begin is. A softirq that has interrupted a walk, or runs when it turns bottom
 * halves on again, is not part of it. A task that has moved to another CPU leaves an entry behind; it is void when the walk
 * is over, and as long as it is not, only the walk itself can be what this task is doing.
 */
static void find_parent(struct arrival *arrival)
{
	struct itrace_caller *here = this_cpu_ptr(&caller);

	if (here->packet && READ_ONCE(here->packet->walk_id) != here->walk_id)
		here->packet = NULL;
	if (here->packet && here->task == current && here->softirq == !!in_serving_softirq()) {
		arrival->parent = here->packet;
		arrival->parent_id = here->walk_id;
	}
}

/* Gives the packet a number in each session that has selected it and not yet done so. */
static void number(const struct itrace_running *running, const struct itrace_walk *walk,
		   struct itrace_packet *packet, unsigned int selected, bool known)
{
	unsigned int i;

	if (!known) {
		memset(packet->serial, 0, sizeof(packet->serial));
		packet->child_of = 0;
		packet->began_in = NULL;
		packet->guessed = false;
		packet->handed_over = false;
	} else if (packet->queued && packet->queued_by != current) {
		packet->handed_over = true;
	}
	for (i = 0; i < running->count; i++) {
		struct itrace_session *session = running->session[i];
		const unsigned int slot = session->slot;

		if (!(selected & BIT(i)))
			continue;
		if (itrace_session_selected(session, packet)) {
			if (packet->guessed)
				this_cpu_inc(session->counters->guessed);
			continue;
		}
		packet->serial[slot] = session->serial;
		packet->id[slot] = atomic64_inc_return(&session->next_packet);
		packet->seq[slot] = 0;
		packet->child_of &= ~BIT(slot);
		if (session->children && walk->parent &&
		    itrace_session_selected(session, walk->parent))
			packet->child_of |= BIT(slot);
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

static void count_untold(const struct itrace_running *running, const struct itrace_packet *packet)
{
	unsigned int i;

	for (i = 0; i < running->count; i++)
		if (running->nft & BIT(i) && itrace_session_selected(running->session[i], packet))
			this_cpu_inc(running->session[i]->counters->untold);
}

/* Begins the walk of a selected packet, unless there is no room to follow it. */
static bool begin(struct arrival *arrival, struct itrace_walk *walk)
{
	const struct itrace_running *running = arrival->running;
	const unsigned int selected = arrival->selected;
	struct itrace_packet *packet = arrival->packet;

	if (!packet)
		packet = itrace_packet_new(walk->at.skb);
	if (!packet) {
		count_refused(running, selected);
		return false;
	}

	walk->parent = arrival->parent;
	walk->parent_id = arrival->parent_id;
	number(running, walk, packet, selected, arrival->known);
	walk->id = new_walk_id();
	walk->packet = packet;
	WRITE_ONCE(packet->walk, walk);
	WRITE_ONCE(packet->walk_id, walk->id);
	itrace_mark(walk, running->marks);
	if (unlikely(walk->untold))
		count_untold(running, packet);
	walk->observers = 0;
	walk->wholly = selected & running->wholly;
	walk->singly = selected & ~running->wholly;
	walk->args[ITRACE_SKB_ARG] = (unsigned long)walk->at.skb;
	walk->args[ITRACE_STATE_ARG] = (unsigned long)walk->at.state;
	walk->run_ctx = (struct bpf_trace_run_ctx) {};
	walk->cost.wanted = running->costs;
	arrival->walk = walk;
	return true;
}

/* The kretprobe has taken an instance for the packet that has just arrived: its data is the walk. */
int itrace_walk_begin(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct itrace_walk *walk = (struct itrace_walk *)instance->data;
	struct arrival *arrival = this_cpu_read(arriving);

	BUILD_BUG_ON(sizeof(*walk) > 4096); /* KRETPROBE_MAX_DATA_SIZE, where there is one */
	/* The probe is just being set. */
	if (!arrival)
		return 1;
	walk->at = *arrival->at;
	if (!begin(arrival, walk))
		return 1;
	caller_begin(walk);
	if (unlikely(arrival->running->observes)) {
		if (walk->at.table)
			itrace_observe_begin(arrival->running, walk, regs);
		else
			itrace_nft_observe_begin(arrival->running, walk);
	}
	itrace_tell_enter(arrival->running, walk, regs);
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_begin);

/*
 * A packet at a table's entry that is selected, or may be for another reason than its own looks. seen: something is known of
 * its address.
 */
static noinline int arrive(struct kprobe *probe, struct pt_regs *regs, struct itrace_visit *at,
			   const struct itrace_running *running, unsigned int selected, bool seen)
{
	struct arrival arrival = { .running = running, .at = at };
	const struct itrace_packet *known;
	u64 arrived = itrace_cost_now();

	itrace_order_find(at);
	if (seen)
		arrival.packet = itrace_packet_resume(at, &arrival.known);
	find_parent(&arrival);
	known = arrival.known ? arrival.packet : NULL;
	if (!selected && unlikely(at->family == NFPROTO_ARP))
		selected = itrace_wanted_arp(running, at, known, arrival.parent);
	else if (!selected)
		selected = itrace_wanted(running, at, known, arrival.parent, false);
	if (selected && running->limits)
		selected = itrace_limit_admit(running, selected, at, known, arrival.parent);
	if (selected) {
		arrival.selected = selected;
		this_cpu_write(arriving, &arrival);
		itrace_hook_follow(probe, regs);
		this_cpu_write(arriving, NULL);
	}

	if (arrival.packet && !arrival.walk) {
		/*
		 * Missed, and counted as that, by a kretprobe without instances: it may do better at the next table. Or it is
		 * followed by who wants to hear of the other back end alone.
		 */
		if (arrival.known)
			itrace_packet_release(arrival.packet);
		else
			itrace_packet_drop(arrival.packet);
	}
	if (arrival.walk && itrace_cost_wanted(&arrival.walk->cost))
		itrace_cost_begin(arrival.walk, arrived);
	return 0;
}

/* A table's entry. For a packet that nobody selects this is all that it costs: its return goes unnoticed. */
static __always_inline int enter(struct kprobe *probe, struct pt_regs *regs,
				 const struct itrace_running *running, struct itrace_visit *at,
				 const bool arp)
{
	bool seen = itrace_packet_seen(at->skb);
	unsigned int selected = 0;

	if (likely(!seen && !this_cpu_read(caller.packet))) {
		selected = arp ? itrace_wanted_arp(running, at, NULL, NULL) :
				 itrace_wanted(running, at, NULL, NULL, false);
		if (likely(!selected))
			return 0;
	}
	return arrive(probe, regs, at, running, selected, seen);
}

static __always_inline int enter_table(struct kprobe *probe, struct pt_regs *regs, u8 family)
{
	const struct itrace_running *running = rcu_dereference_sched(itrace_running);
	struct itrace_visit at;

	if (!running || !running->legacy)
		return 0;
	/* Its order is for packets that go on. */
	at.skb = itrace_table_skb_arg(regs);
	at.state = itrace_table_state_arg(regs);
	at.table = itrace_table_arg(regs);
	at.chain = NULL;
	at.pkt = NULL;
	at.family = family;
	return enter(probe, regs, running, &at, false);
}

int itrace_walk_enter_ipv4(struct kprobe *probe, struct pt_regs *regs)
{
	return enter_table(probe, regs, NFPROTO_IPV4);
}

NOKPROBE_SYMBOL(itrace_walk_enter_ipv4);

int itrace_walk_enter_ipv6(struct kprobe *probe, struct pt_regs *regs)
{
	return enter_table(probe, regs, NFPROTO_IPV6);
}

NOKPROBE_SYMBOL(itrace_walk_enter_ipv6);

/*
 * A table's return. The skb is still the caller's to judge and therefore there, also if it is to be dropped or queued;
 * only if it is stolen it must not be touched any more. nf_tables drops by itself since 6.8, and says so by a reason.
 */
int itrace_walk_leave(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct itrace_walk *walk = (struct itrace_walk *)instance->data;
	unsigned int verdict = regs_return_value(regs);
	u64 arrived = itrace_cost_now();
	bool gone = (verdict & NF_VERDICT_MASK) == NF_STOLEN;
	const struct itrace_running *running;

	if (gone && verdict >> NF_VERDICT_QBITS && !walk->at.table)
		verdict = NF_DROP;
	if (!gone)
		itrace_unmark(walk);
	caller_end(walk);

	running = rcu_dereference_sched(itrace_running);
	if (running) {
		if (unlikely(walk->observers)) {
			if (walk->at.table)
				itrace_observe_rest(running, walk, regs, gone);
			else
				itrace_nft_report_matches(running, walk, regs, gone);
		}
		if (itrace_cost_wanted(&walk->cost))
			itrace_cost_leave(walk, arrived);
		itrace_tell_leave(running, walk, regs, verdict, gone);
	}

	if (gone || (verdict & NF_VERDICT_MASK) == NF_DROP)
		itrace_packet_drop(walk->packet);
	else
		itrace_packet_pause(walk->packet, (verdict & NF_VERDICT_MASK) == NF_QUEUE);
	if (itrace_cost_wanted(&walk->cost))
		itrace_cost_leave_done(arrived);
	if (unlikely(walk->observers) && walk->at.table)
		itrace_observe_end(walk);
	return 0;
}

NOKPROBE_SYMBOL(itrace_walk_leave);

/*
 * The walk that this skb is in now, or NULL: mostly the one that has begun here last. If somebody else was interrupted in
 * that, its packet may be gone and this one be in the same memory.
 */
static struct itrace_walk *walk_of_skb(const struct sk_buff *skb)
{
	const struct itrace_caller *here = this_cpu_ptr(&caller);
	struct itrace_walk *walk;

	if (likely(here->packet && here->task == current)) {
		walk = READ_ONCE(here->packet->walk);
		if (likely(walk && walk->at.skb == skb))
			return walk;
	}
	return itrace_packet_walk(skb);
}

/* A packet meets a rule, whose target comes next. */
int itrace_walk_rule(struct kprobe *probe, struct pt_regs *regs)
{
	u64 arrived = itrace_cost_now();
	struct itrace_walk *walk = walk_of_skb(itrace_log_skb_arg(regs));
	const struct itrace_running *running;
	int skip;

	/* A rule of nf_tables may have taken its packet away, and this one be in the same memory. */
	if (!walk || !walk->at.table)
		return 0;
	caller_goes_on(walk);

	running = rcu_dereference_sched(itrace_running);
	if (running) {
		if (unlikely(walk->observers))
			itrace_observe_rule(running, walk, regs);
		if (itrace_cost_wanted(&walk->cost))
			itrace_cost_rule_searched(walk, arrived, itrace_log_chain_arg(regs),
						  itrace_log_rule_arg(regs));
		itrace_tell_rule(running, walk, regs);
	}

	skip = itrace_mark_silence(walk, regs);
	if (itrace_cost_wanted(&walk->cost))
		itrace_cost_rule_done(walk, arrived);
	return skip;
}

NOKPROBE_SYMBOL(itrace_walk_rule);

#if IS_ENABLED(CONFIG_NF_TABLES)
/* What is none of IP: of ARP perhaps, if anybody wants to hear of that. */
static noinline int enter_arp(struct kprobe *probe, struct pt_regs *regs,
			      const struct itrace_running *running)
{
	struct itrace_visit at;

	if (!running->arp || !itrace_nft_visit_arp(&at, regs))
		return 0;
	return enter(probe, regs, running, &at, true);
}

int itrace_walk_enter_nft(struct kprobe *probe, struct pt_regs *regs)
{
	const struct itrace_running *running = rcu_dereference_sched(itrace_running);
	struct itrace_visit at;

	if (!running || !running->nft)
		return 0;
	if (unlikely(!itrace_nft_visit(&at, regs)))
		return enter_arp(probe, regs, running);
	return enter(probe, regs, running, &at, false);
}

NOKPROBE_SYMBOL(itrace_walk_enter_nft);

/*
 * The walk that nf_tables is at with this, or NULL. It is found without the packet as long as it has not moved: a rule may
 * have taken the packet away, and then its address means another one.
 */
struct itrace_walk *itrace_walk_of_pkt(const struct nft_pktinfo *pkt)
{
	const struct itrace_caller *here = this_cpu_ptr(&caller);
	struct itrace_walk *walk;

	walk = here->packet ? READ_ONCE(here->packet->walk) : NULL;
	if (likely(walk && walk->at.pkt == pkt))
		return walk;
	walk = itrace_packet_walk(pkt->skb);
	return walk && walk->at.pkt == pkt ? walk : NULL;
}

/* A rule of nf_tables has done what it does, or a chain is at its end. */
int itrace_walk_rule_nft(struct kprobe *probe, struct pt_regs *regs)
{
	u64 arrived = itrace_cost_now();
	struct itrace_walk *walk = itrace_walk_of_pkt(itrace_notify_pkt_arg(regs));
	const struct itrace_running *running;
	struct itrace_nft_report report;
	bool reported;
	int skip;

	if (!walk)
		return 0;
	caller_goes_on(walk);

	running = rcu_dereference_sched(itrace_running);
	reported = running && itrace_nft_report_of(walk, &report, regs);
	if (reported) {
		if (unlikely(walk->observers))
			itrace_nft_report_matches(running, walk, regs, report.gone);
		if (itrace_cost_wanted(&walk->cost))
			itrace_cost_rule(walk, arrived);
		itrace_tell_rule_nft(running, walk, regs, &report);
	}
	skip = itrace_nft_silence(walk, regs);
	if (itrace_cost_wanted(&walk->cost)) {
		if (reported)
			itrace_cost_rule_done(walk, arrived);
		else
			itrace_cost_aside(arrived);
	}
	return skip;
}

NOKPROBE_SYMBOL(itrace_walk_rule_nft);
#endif
