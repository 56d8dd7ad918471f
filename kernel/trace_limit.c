// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which of the packets that a session wants it is content with: one of so many, the first of each flow, no more than a
 * rate. That is decided where a packet is first wanted, and holds for its whole way: a packet that is followed is known
 * as such, one that is not is remembered here for as long as it takes to the next table.
 */
#include <linux/hash.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/netfilter/x_tables.h>
#include <linux/percpu.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "trace.h"

/*
 * Flows that first counts at the same time. Each has a place by its hash, and a word there: the upper bits of the hash and
 * how many packets there were. A flow that meets another one in its place begins anew.
 */
#define FLOW_BITS	14
#define COUNT_BITS	16
#define COUNT_MASK	(BIT(COUNT_BITS) - 1)

/*
 * The last packets on a CPU that were not admitted. A packet goes through the tables of a host on one CPU, with few others
 * in between; one that is forgotten too early is decided about again.
 */
#define REFUSALS	64

struct refusal {
	unsigned long skb;
	const struct net *net;
	u64 content;
	unsigned long when;		/* jiffies */
	int priority;
	u8 hook;
	u8 slots;			/* bits: of the sessions that did not admit it */
};

static DEFINE_PER_CPU(struct refusal [REFUSALS], refusals);

int itrace_limit_create(struct itrace_select *select)
{
	if (!(select->asked & IPTABLES_TRACE_SELECT_FIRST))
		return 0;
	if (select->first > COUNT_MASK)
		return -EINVAL;
	select->flows = kvcalloc(BIT(FLOW_BITS), sizeof(*select->flows), GFP_KERNEL);
	return select->flows ? 0 : -ENOMEM;
}

void itrace_limit_destroy(struct itrace_select *select)
{
	kvfree(select->flows);
}

/* A session starts. */
void itrace_limit_reset(struct itrace_select *select)
{
	if (select->flows)
		memset(select->flows, 0, BIT(FLOW_BITS) * sizeof(*select->flows));
	select->second = jiffies;
	atomic_set(&select->in_second, 0);
}

/* The same for both directions of a flow; fragments behind the first have no ports and count by themselves. */
static u32 flow_of(const struct sk_buff *skb, u8 family)
{
	__be16 ports[2] = {};
	const __be16 *found = NULL;
	unsigned int offset;
	bool later_fragment;
	u32 addresses;
	u8 protocol;

	if (family == NFPROTO_IPV4) {
		const struct iphdr *ip = ip_hdr(skb);

		protocol = ip->protocol;
		offset = skb_network_offset(skb) + ip->ihl * 4;
		later_fragment = ip->frag_off & htons(IP_OFFSET);
		addresses = (__force u32)(ip->saddr ^ ip->daddr);
	} else {
		const struct ipv6hdr *ip = ipv6_hdr(skb);
		__be16 fragment = 0;
		int end;

		protocol = ip->nexthdr;
		end = ipv6_skip_exthdr(skb, skb_network_offset(skb) + sizeof(*ip), &protocol,
				       &fragment);
		later_fragment = end < 0 || fragment & htons(~0x7);
		offset = end;
		addresses = ipv6_addr_hash(&ip->saddr) ^ ipv6_addr_hash(&ip->daddr);
	}
	if (!later_fragment && (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
				protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP ||
				protocol == IPPROTO_UDPLITE))
		found = skb_header_pointer(skb, offset, sizeof(ports), ports);
	return jhash_3words(addresses, found ? (__force u16)(found[0] ^ found[1]) : 0,
			    protocol | family << 8, 0);
}

/* Whether the flow has had fewer packets than it may; this one counts then. Two CPUs may let one too many pass. */
static bool is_first(struct itrace_select *select, const struct sk_buff *skb, u8 family)
{
	u32 hash = flow_of(skb, family);
	u32 *word = &select->flows[hash & (BIT(FLOW_BITS) - 1)];
	u32 tag = hash & ~COUNT_MASK;
	u32 seen = READ_ONCE(*word);
	u32 count = (seen & ~COUNT_MASK) == tag ? seen & COUNT_MASK : 0;

	if (count >= select->first)
		return false;
	WRITE_ONCE(*word, tag | (count + 1));
	return true;
}

static bool is_sampled(const struct itrace_session *session)
{
	u64 number = this_cpu_inc_return(session->counters->sampled);

	return (number - 1) % session->select.sample == 0;
}

/* Whether the events of this second leave room for another packet. */
static bool is_within_rate(struct itrace_select *select)
{
	unsigned long second = READ_ONCE(select->second);

	if (time_after_eq(jiffies, second + HZ) &&
	    cmpxchg(&select->second, second, jiffies) == second)
		atomic_set(&select->in_second, 0);
	return atomic_read(&select->in_second) < select->rate;
}

static bool admits(struct itrace_session *session, const struct sk_buff *skb, u8 family)
{
	struct itrace_select *select = &session->select;

	if ((select->asked & IPTABLES_TRACE_SELECT_SAMPLE && !is_sampled(session)) ||
	    (select->asked & IPTABLES_TRACE_SELECT_FIRST && !is_first(select, skb, family))) {
		this_cpu_inc(session->counters->left_out);
		return false;
	}
	if (select->asked & IPTABLES_TRACE_SELECT_RATE && !is_within_rate(select)) {
		this_cpu_inc(session->counters->held_back);
		return false;
	}
	return true;
}

static struct refusal *refusal_of(const struct sk_buff *skb)
{
	return this_cpu_ptr(&refusals[hash_64((unsigned long)skb >> 6, ilog2(REFUSALS))]);
}

/* Whether a refusal is of this very packet, at an earlier table. */
static bool is_of(const struct refusal *refusal, const struct sk_buff *skb,
		  const struct nf_hook_state *state, int priority, u64 content)
{
	return refusal->skb == (unsigned long)skb && refusal->net == state->net &&
	       refusal->content == content && time_before(jiffies, refusal->when + HZ) &&
	       itrace_comes_later(state->hook, priority, refusal->hook, refusal->priority);
}

/*
 * Of the sessions in selected those that trace the packet from here on, or go on with it. known, parent: what is known of
 * it and of what it was made by, or NULL.
 */
unsigned int itrace_limit_admit(const struct itrace_running *running, unsigned int selected,
				const struct sk_buff *skb, const struct nf_hook_state *state,
				const struct xt_table *table, const struct itrace_packet *known,
				const struct itrace_packet *parent)
{
	int priority = itrace_table_priority(table, state->hook);
	u64 content = itrace_packet_content(skb, state->pf);
	struct refusal *refusal = refusal_of(skb);
	u8 refused = 0;
	unsigned int i;

	if (is_of(refusal, skb, state, priority, content))
		refused = refusal->slots;
	for (i = 0; i < running->count; i++) {
		struct itrace_session *session = running->session[i];

		if (!(selected & BIT(i)) || !(session->select.asked & ITRACE_LIMITS) ||
		    (known && itrace_session_selected(session, known)) ||
		    (parent && session->children && itrace_session_selected(session, parent)))
			continue;
		if (!(refused & BIT(session->slot)) && admits(session, skb, state->pf))
			continue;
		refused |= BIT(session->slot);
		selected &= ~BIT(i);
	}
	if (refused)
		*refusal = (struct refusal) {
			.skb = (unsigned long)skb,
			.net = state->net,
			.content = content,
			.when = jiffies,
			.priority = priority,
			.hook = state->hook,
			.slots = refused,
		};
	return selected;
}
