// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: which ones run, from start to stop.
 *
 * The probes read one pointer, under RCU, to the list of the running sessions. The first session to start brings up
 * all the rest, the last to stop takes it down.
 */
#include <linux/atomic.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>

#include "trace.h"

struct itrace_running __rcu *itrace_running;

/* Of starting and stopping. */
static DEFINE_MUTEX(running_lock);
static unsigned long slots_in_use;
static u32 last_serial;

/* All sessions, running or not, for the sake of their namespaces. */
static LIST_HEAD(sessions);
static DEFINE_SPINLOCK(sessions_lock);

struct itrace_session *itrace_session_create(struct net *net)
{
	struct itrace_session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (!session)
		return NULL;
	session->counters = alloc_percpu(struct itrace_counters);
	if (!session->counters) {
		kfree(session);
		return NULL;
	}
	mutex_init(&session->lock);
	session->legacy = true;
	session->net = net;
	spin_lock(&sessions_lock);
	list_add(&session->list, &sessions);
	spin_unlock(&sessions_lock);
	return session;
}

/* A session that does not run. */
void itrace_session_destroy(struct itrace_session *session)
{
	unsigned int kind;

	spin_lock(&sessions_lock);
	list_del(&session->list);
	spin_unlock(&sessions_lock);

	for (kind = 0; kind < ITRACE_KINDS; kind++)
		if (session->prog[kind])
			bpf_prog_put(session->prog[kind]);
	if (session->filter)
		bpf_prog_destroy(session->filter);
	itrace_select_destroy(&session->select);
	itrace_observe_nothing(session);
	free_percpu(session->counters);
	kfree(session);
}

/* The caller holds a reference to net, so that its end is yet to come: the session learns of that. */
void itrace_session_set_net(struct itrace_session *session, struct net *net)
{
	spin_lock(&sessions_lock);
	WRITE_ONCE(session->net, net);
	session->more = 0;
	spin_unlock(&sessions_lock);
}

/* Likewise, besides those of before, unless these are all. */
int itrace_session_add_net(struct itrace_session *session, struct net *net)
{
	int err = 0;

	spin_lock(&sessions_lock);
	if (!session->net)
		err = -EINVAL;
	else if (session->more < ARRAY_SIZE(session->more_nets))
		session->more_nets[session->more++] = net;
	else
		err = -ENOSPC;
	spin_unlock(&sessions_lock);
	return err;
}

bool itrace_session_in_more_nets(const struct itrace_session *session, const struct net *net)
{
	unsigned int i;

	for (i = 0; i < session->more; i++)
		if (READ_ONCE(session->more_nets[i]) == net)
			return true;
	return false;
}

static bool all_nets_gone(const struct itrace_session *session)
{
	unsigned int i;

	for (i = 0; i < session->more; i++)
		if (READ_ONCE(session->more_nets[i]) != ITRACE_NETNS_GONE)
			return false;
	return READ_ONCE(session->net) == ITRACE_NETNS_GONE;
}

static void __net_exit net_ends(struct net *net)
{
	struct itrace_session *session;
	unsigned int i;

	spin_lock(&sessions_lock);
	list_for_each_entry(session, &sessions, list) {
		if (session->net == net)
			WRITE_ONCE(session->net, ITRACE_NETNS_GONE);
		for (i = 0; i < session->more; i++)
			if (session->more_nets[i] == net)
				WRITE_ONCE(session->more_nets[i], ITRACE_NETNS_GONE);
	}
	spin_unlock(&sessions_lock);
}

static struct pernet_operations net_operations = {
	.exit = net_ends,
};

static struct itrace_running *running_now(void)
{
	return rcu_dereference_protected(itrace_running, lockdep_is_held(&running_lock));
}

/* Whose rule's target has made a packet, and where matches of another chain begin, is known of those that are marked alone. */
static bool wants_marks(const struct itrace_session *session)
{
	return session->prog[IPTABLES_TRACE_RULE] || session->prog[IPTABLES_TRACE_MATCHES] ||
	       session->prog[IPTABLES_TRACE_TRAVERSAL] || session->children;
}

/*
 * Makes the running sessions known that now has and one more, or one less. When it returns no probe goes by the list of
 * before, so there are never more than two.
 */
static void change_running(struct itrace_session *added, const struct itrace_session *removed)
{
	static struct itrace_running lists[2];
	const struct itrace_running *old = running_now();
	struct itrace_running *new = old == &lists[0] ? &lists[1] : &lists[0];
	unsigned int i;

	memset(new, 0, sizeof(*new));
	for (i = 0; old && i < old->count; i++)
		if (old->session[i] != removed)
			new->session[new->count++] = old->session[i];
	if (added)
		new->session[new->count++] = added;
	for (i = 0; i < new->count; i++) {
		new->marks |= wants_marks(new->session[i]);
		new->limits |= new->session[i]->select.asked & ITRACE_LIMITS;
		new->observes |= !!new->session[i]->prog[IPTABLES_TRACE_MATCHES];
		new->costs |= new->session[i]->costs;
		new->wholly |= !!new->session[i]->prog[IPTABLES_TRACE_TRAVERSAL] << i;
		new->legacy |= new->session[i]->legacy << i;
		new->nft |= new->session[i]->nft << i;
		new->arp |= new->session[i]->arp << i;
	}

	rcu_assign_pointer(itrace_running, new->count ? new : NULL);
	synchronize_rcu();
}

static int bring_up(void)
{
	int err = itrace_packets_alloc();

	if (err)
		return err;
	err = itrace_limits_alloc();
	if (err)
		goto free_packets;
	err = itrace_observe_alloc();
	if (err)
		goto free_limits;
	itrace_rulesets_reset();
	return 0;
free_limits:
	itrace_limits_free();
free_packets:
	itrace_packets_free();
	return err;
}

static void take_down(void)
{
	itrace_hooks_remove();
	itrace_nft_settle();
	itrace_walks_forget();
	itrace_observe_free();
	itrace_limits_free();
	itrace_packets_free();
}

static bool wants_nft_matches(const struct itrace_session *session)
{
	return session->nft && session->prog[IPTABLES_TRACE_MATCHES];
}

/* To what the sessions that run want: everybody's packets pay for each probe. */
static void narrow_hooks(void)
{
	const struct itrace_running *running = running_now();
	bool matches = false;
	unsigned int i;

	for (i = 0; i < running->count; i++)
		matches |= wants_nft_matches(running->session[i]);
	itrace_hooks_narrow(running->nft, matches);
}

static void reset_counters(struct itrace_session *session)
{
	int cpu;

	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(session->counters, cpu), 0, sizeof(*session->counters));
	atomic64_set(&session->next_packet, 0);
	itrace_limit_reset(&session->select);
	itrace_hooks_missed(&session->base_missed);
	session->base_missed_sum = itrace_missed_sum(&session->base_missed);
	session->base_replacements = itrace_ruleset_replacements();
}

int itrace_session_start(struct itrace_session *session)
{
	int err = 0;

	mutex_lock(&running_lock);
	session->slot = ffz(slots_in_use);
	if (session->slot >= ITRACE_MAX_SESSIONS)
		err = -EUSERS;
	else if (!slots_in_use)
		err = bring_up();
	if (err)
		goto out;
	err = itrace_hooks_set(session->nft, wants_nft_matches(session));
	if (!err)
		err = itrace_hooks_suffice(wants_marks(session));
	if (err) {
		if (!slots_in_use)
			take_down();
		else
			narrow_hooks();
		goto out;
	}

	if (!++last_serial)
		++last_serial;
	session->serial = last_serial;
	reset_counters(session);
	if (session->costs) {
		itrace_cost_calibrate();
		static_branch_inc(&itrace_costs);
	}
	session->running = true;
	__set_bit(session->slot, &slots_in_use);
	change_running(session, NULL);
out:
	mutex_unlock(&running_lock);
	return err;
}

/*
 * No packet is selected for it any more, then the walks for which one had been come to their end, and with them their
 * marks; only then may the probes go that see to it.
 */
void itrace_session_stop(struct itrace_session *session)
{
	mutex_lock(&running_lock);
	change_running(NULL, session);
	if (session->costs)
		static_branch_dec(&itrace_costs);
	itrace_session_stats(session, &session->last);
	session->running = false;
	__clear_bit(session->slot, &slots_in_use);
	if (!slots_in_use)
		take_down();
	else
		narrow_hooks();
	mutex_unlock(&running_lock);
}

/* The caller holds the session's lock. */
void itrace_session_stats(struct itrace_session *session, struct iptables_trace_stats *stats)
{
	struct itrace_missed missed;
	int cpu;

	if (!session->running) {
		*stats = session->last;
		stats->flags &= ~IPTABLES_TRACE_STATS_RUNNING;
		goto state;
	}

	memset(stats, 0, sizeof(*stats));
	stats->flags = IPTABLES_TRACE_STATS_RUNNING;
	if (!itrace_probes_work())
		stats->flags |= IPTABLES_TRACE_STATS_PROBES_OFF;
	stats->packets = atomic64_read(&session->next_packet);
	for_each_possible_cpu(cpu) {
		const struct itrace_counters *counters = per_cpu_ptr(session->counters, cpu);

		stats->packets_guessed += counters->guessed;
		stats->packets_refused += counters->refused;
		stats->packets_forgotten += counters->forgotten;
		stats->events += counters->events;
		stats->events_unwritten += counters->unwritten;
		stats->events_not_run += counters->not_run;
		stats->packets_left_out += counters->left_out;
		stats->packets_held_back += counters->held_back;
		stats->matches += counters->matches;
		stats->unobserved_busy += counters->unobserved_busy;
		stats->unobserved_unknown += counters->unobserved_unknown;
		stats->untold += counters->untold;
	}
	if (session->costs)
		itrace_cost_stats(stats, session->prog[IPTABLES_TRACE_MATCHES]);

	itrace_hooks_missed(&missed);
	stats->missed_enter = missed.enter - session->base_missed.enter;
	stats->missed_leave = missed.leave - session->base_missed.leave;
	stats->missed_rule = missed.rule - session->base_missed.rule;
	stats->missed_other = missed.other - session->base_missed.other;
	stats->replacements = itrace_ruleset_replacements() - session->base_replacements;
state:
	stats->hooks = itrace_hooks_in_place();
	if (all_nets_gone(session))
		stats->flags |= IPTABLES_TRACE_STATS_NETNS_GONE;
	if (itrace_select_in_vain(&session->select))
		stats->flags |= IPTABLES_TRACE_STATS_PROCESS_GONE;
}

unsigned int itrace_sessions_running(void)
{
	const struct itrace_running *running;
	unsigned int count;

	rcu_read_lock();
	running = rcu_dereference(itrace_running);
	count = running ? running->count : 0;
	rcu_read_unlock();
	return count;
}

int itrace_sessions_init(void)
{
	return register_pernet_subsys(&net_operations);
}

void itrace_sessions_exit(void)
{
	unregister_pernet_subsys(&net_operations);
}
