// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which of the packets that a session wants it is content with: one of so many, the first of each flow, no more than a
 * rate. That is decided where a packet is first wanted, and holds for its whole way: a packet that is followed is known
 * as such, one that is not is noted here for as long as it takes to the next table of its network namespace. In another one
 * such a packet is decided about again.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/netfilter/x_tables.h>
#include <linux/percpu.h>

#include "trace.h"
#include "trace_notes.h"

/*
 * Of packets that were not admitted, 2048: between a table and the next a CPU sees no more others than drivers hand over
 * at once. One that is forgotten too early is decided about again.
 */
#define BUCKET_BITS	8
#define SECONDS		1

static struct itrace_notes *refusals;
static unsigned long last_refusal;	/* jiffies */

/*
 * A note on such a packet: where it was last, and which sessions did not admit it. Nat chains at a hook are one place there,
 * and so are chains behind thirty others.
 */
#define SLOTS_BITS	ITRACE_MAX_SESSIONS
#define POSITION_BITS	5
#define STAGE_BITS	3
#define NOTE_ORDER(note)	((note) >> SLOTS_BITS)
#define NOTE_SLOTS(note)	((note) & (BIT(SLOTS_BITS) - 1))

static u16 note_of(unsigned int order, u8 slots)
{
	BUILD_BUG_ON(SLOTS_BITS + POSITION_BITS + STAGE_BITS > 16);
	return order << SLOTS_BITS | slots;
}

/* Grows on a packet's way. */
static unsigned int order_of(const struct itrace_order *order)
{
	return order->stage << POSITION_BITS |
	       min_t(unsigned int, order->position, BIT(POSITION_BITS) - 1);
}

static u32 tag_of(const struct itrace_visit *at)
{
	u64 address = (unsigned long)at->skb * GOLDEN_RATIO_64;
	u64 content = itrace_packet_content(at->skb, at->family);
	unsigned long net = (unsigned long)at->state->net;

	/* What this host answers may look like what it received, in the same memory. */
	return hash_64(content ^ address ^ net ^ !!at->skb->skb_iif, 32);
}

int itrace_limits_alloc(void)
{
	refusals = itrace_notes_create(BUCKET_BITS);
	last_refusal = jiffies - (SECONDS + 1) * HZ;
	return refusals ? 0 : -ENOMEM;
}

void itrace_limits_free(void)
{
	itrace_notes_destroy(refusals);
	refusals = NULL;
}

/* A session starts. What is noted of its slot was said of the session that had it before. */
void itrace_limit_reset(struct itrace_select *select)
{
	if (select->asked & ITRACE_LIMITS)
		itrace_notes_forget(refusals);
	if (select->flows)
		itrace_notes_forget(select->flows);
	select->second = jiffies;
	atomic_set(&select->in_second, 0);
}

/* Each CPU counts by itself. */
static bool is_sampled(const struct itrace_session *session)
{
	u64 number = this_cpu_inc_return(session->counters->sampled);

	return (number - 1) % session->select.sample == 0;
}

/*
 * Whether the events of this second leave room for another packet. Events of the moment in which a second ends may count
 * for neither.
 */
static bool is_within_rate(struct itrace_select *select)
{
	unsigned long second = READ_ONCE(select->second);
	unsigned long now = jiffies;

	if (time_after_eq(now, second + HZ) && cmpxchg(&select->second, second, now) == second)
		atomic_set(&select->in_second, 0);
	return (u32)atomic_read(&select->in_second) < select->rate;
}

static bool admits(struct itrace_session *session, const struct itrace_visit *at)
{
	struct itrace_select *select = &session->select;

	if (select->asked & IPTABLES_TRACE_SELECT_SAMPLE && !is_sampled(session)) {
		this_cpu_inc(session->counters->left_out);
		return false;
	}
	/* Before first: a flow whose first packets are held back has its first ones later. */
	if (select->asked & IPTABLES_TRACE_SELECT_RATE && !is_within_rate(select)) {
		this_cpu_inc(session->counters->held_back);
		return false;
	}
	if (select->asked & IPTABLES_TRACE_SELECT_FIRST &&
	    !itrace_flow_admits(select, at->skb, at->family)) {
		this_cpu_inc(session->counters->left_out);
		return false;
	}
	return true;
}

/* Whether the session has decided to trace the packet before, or traces it for the sake of what it was made by. */
static bool goes_on(const struct itrace_session *session, const struct itrace_packet *known,
		    const struct itrace_packet *parent)
{
	return (known && itrace_session_selected(session, known)) ||
	       (parent && session->children && itrace_session_selected(session, parent));
}

/* The slots of the sessions that have not admitted the packet before. */
static noinline u8 refused_before(const struct itrace_visit *at)
{
	struct itrace_note note;
	u16 before = itrace_note_read(refusals, tag_of(at), SECONDS, &note);

	/* It may be of another packet like this one, in the same memory: then this one is not further than that. */
	return before && order_of(&at->order) > NOTE_ORDER(before) ? NOTE_SLOTS(before) : 0;
}

static noinline void note_refusal(const struct itrace_visit *at, u8 slots, unsigned long now)
{
	struct itrace_note note;

	itrace_note_read(refusals, tag_of(at), SECONDS, &note);
	itrace_note_write(&note, note_of(order_of(&at->order), slots));
	if (READ_ONCE(last_refusal) != now)
		WRITE_ONCE(last_refusal, now);
}

static bool has_refused(unsigned long now)
{
	return unlikely(time_before(now, READ_ONCE(last_refusal) + (SECONDS + 1) * HZ));
}

static noinline unsigned int admit_each(const struct itrace_running *running,
					unsigned int selected, const struct itrace_visit *at,
					const struct itrace_packet *known,
					const struct itrace_packet *parent)
{
	unsigned long now = jiffies;
	bool judged = false;
	unsigned int i;
	u8 slots = 0;

	for (i = 0; i < running->count; i++) {
		struct itrace_session *session = running->session[i];

		if (!(selected & BIT(i)) || !(session->select.asked & ITRACE_LIMITS) ||
		    goes_on(session, known, parent))
			continue;
		/* Most of the time there is nothing to be found. */
		if (!judged && has_refused(now))
			slots = refused_before(at);
		judged = true;
		if (!(slots & BIT(session->slot)) && admits(session, at))
			continue;
		slots |= BIT(session->slot);
		selected &= ~BIT(i);
	}
	if (unlikely(slots))
		note_refusal(at, slots, now);
	return selected;
}

/*
 * Of the sessions in selected those that trace the packet from here on, or go on with it. known, parent: what is known of
 * it and of what it was made by, or NULL. Mostly there is one session, which has set a rate against accidents.
 */
unsigned int itrace_limit_admit(const struct itrace_running *running, unsigned int selected,
				const struct itrace_visit *at, const struct itrace_packet *known,
				const struct itrace_packet *parent)
{
	struct itrace_select *only = &running->session[0]->select;

	if (likely(running->count == 1 &&
		   (only->asked & ITRACE_LIMITS) == IPTABLES_TRACE_SELECT_RATE &&
		   !has_refused(jiffies) && is_within_rate(only)))
		return selected;
	return admit_each(running, selected, at, known, parent);
}
