// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layer 3: the programs of a trace session. iptables_trace.ko runs them with its own context in the first argument
 * (iptables_trace_ctx.h); each turns it into one event of iptables_trace_event.h. They return 0 if the event is in the
 * ring buffer, and otherwise leave word of why in losses.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "iptables_trace_ctx.h"
#include "iptables_trace_event.h"
#include "maps.bpf.h"
#include "packet.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* A context that is longer than it was here is a newer module's, which is fine; one of another version is not. */
static __always_inline int is_readable(const struct iptables_trace_ctx *c)
{
	return c->version == IPTABLES_TRACE_CTX_VERSION;
}

/* What the module says of any event has the form of an event's head; see the assertions at the end. */
static __always_inline void fill_head(struct ipt_event_head *head,
				      const struct iptables_trace_ctx *c, __u32 size)
{
	__builtin_memcpy(head, c, sizeof(*head));
	head->version = IPT_EVENT_VERSION;
	head->size = size;
}

/* A walk's last event looks whether to wake the reader, and every eighth one of a packet, as a walk may be long. */
static __always_inline __u64 wakeup_now_and_then(const struct iptables_trace_ctx *c)
{
	return c->seq % 8 ? BPF_RB_NO_WAKEUP : wakeup(0);
}

/* The module's struct owner has the same form; see the assertions at the end. */
static __always_inline void fill_owner(struct ipt_event_enter *event,
				       const struct iptables_trace_ctx *c)
{
	if (c->flags & IPTABLES_TRACE_F_OWNED)
		__builtin_memcpy(&event->owner, &c->owner, sizeof(event->owner));
	else
		__builtin_memset(&event->owner, 0, sizeof(event->owner));
}

/* All of an enter event but the packet's first bytes. */
static __always_inline void fill_enter(struct ipt_event_enter *event,
				       const struct iptables_trace_ctx *c, __u32 size)
{
	fill_head(&event->head, c, size);
	__builtin_memcpy(&event->in, &c->in_ifindex, sizeof(event->in) + sizeof(event->out));
	event->priority = c->priority;
	fill_owner(event, c);
	__builtin_memset(&event->packet, 0, sizeof(event->packet));
	fill_packet(&event->packet, c);
}

/* The reader knows by header_len what of it is the packet's. */
static __always_inline void fill_header(struct ipt_event_enter *event,
					const struct iptables_trace_ctx *c)
{
	event->header_len = c->header_len;
	event->reserved = 0;
	__builtin_memcpy(event->header, c->header, sizeof(event->header));
}

/* How long an event is has to be plain to the verifier, so those of nf_tables are written by themselves. */
static __always_inline int enter_base_chain(const struct iptables_trace_ctx *c)
{
	struct ipt_event_enter *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return lost(IPT_EVENT_LOSS_RING_FULL);
	fill_enter(event, c, sizeof(*event));
	if (with_header) {
		fill_header(event, c);
	} else {
		event->header_len = 0;
		__builtin_memset(event->header, 0, sizeof(event->header));
		event->reserved = 0;
	}
	event->handle = c->handle;
	__builtin_memcpy(event->chain, c->chain, sizeof(event->chain));
	return submit(event, wakeup_now_and_then(c));
}

SEC("raw_tp.w")
int BPF_PROG(trace_enter, const struct iptables_trace_ctx *c)
{
	const __u32 size = with_header ? IPT_EVENT_ENTER_LEGACY : IPT_EVENT_ENTER_SHORT;
	struct ipt_event_enter *event;

	if (!is_readable(c))
		return lost(IPT_EVENT_LOSS_CONTEXT);
	if (c->nft_family)
		return enter_base_chain(c);
	/* To the verifier with_header is a constant: one of the two is all that it sees. */
	if (with_header)
		event = bpf_ringbuf_reserve(&events, IPT_EVENT_ENTER_LEGACY, 0);
	else
		event = bpf_ringbuf_reserve(&events, IPT_EVENT_ENTER_SHORT, 0);
	if (!event)
		return lost(IPT_EVENT_LOSS_RING_FULL);
	fill_enter(event, c, size);
	if (with_header)
		fill_header(event, c);
	return submit(event, wakeup_now_and_then(c));
}

/* A rule event, or so much of it as its size says: what the module says of a rule has its form too. */
static __always_inline void fill_rule(struct ipt_event_rule *event,
				      const struct iptables_trace_ctx *c, __u32 size)
{
	__builtin_memcpy(event, c, size);
	event->head.version = IPT_EVENT_VERSION;
	event->head.size = size;
}

/* With what is of nf_tables, or with what it took. */
static __always_inline int rule_in_full(const struct iptables_trace_ctx *c)
{
	struct ipt_event_rule *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return lost(IPT_EVENT_LOSS_RING_FULL);
	fill_rule(event, c, sizeof(*event));
	if (with_costs)
		event->head.flags |= IPT_EVENT_TIMED;
	else
		event->net = 0;
	return submit(event, wakeup_now_and_then(c));
}

SEC("raw_tp.w")
int BPF_PROG(trace_rule, const struct iptables_trace_ctx *c)
{
	struct ipt_event_rule *event;

	if (!is_readable(c))
		return lost(IPT_EVENT_LOSS_CONTEXT);
	if (with_costs || c->nft_family)
		return rule_in_full(c);
	event = bpf_ringbuf_reserve(&events, IPT_EVENT_RULE_LEGACY, 0);
	if (!event)
		return lost(IPT_EVENT_LOSS_RING_FULL);
	fill_rule(event, c, IPT_EVENT_RULE_LEGACY);
	return submit(event, wakeup_now_and_then(c));
}

SEC("raw_tp.w")
int BPF_PROG(trace_leave, const struct iptables_trace_ctx *c)
{
	const __u32 size = with_costs ? sizeof(struct ipt_event_leave) : IPT_EVENT_LEAVE_UNTIMED;
	struct ipt_event_leave *event;

	if (!is_readable(c))
		return lost(IPT_EVENT_LOSS_CONTEXT);
	if (with_costs)
		event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	else
		event = bpf_ringbuf_reserve(&events, IPT_EVENT_LEAVE_UNTIMED, 0);
	if (!event)
		return lost(IPT_EVENT_LOSS_RING_FULL);
	fill_head(&event->head, c, size);
	if (with_costs) {
		event->head.flags |= IPT_EVENT_TIMED;
		event->net = c->net_ns;
		event->reserved = 0;
	}
	event->duration = c->duration_ns;
	event->verdict = c->verdict;
	__builtin_memset(&event->packet, 0, sizeof(event->packet));
	fill_packet(&event->packet, c);
	return submit(event, wakeup(0));
}

/* An event is as long as there are matches, which the ring takes only of what is already somewhere. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct ipt_event_matches) +
			   IPT_EVENT_MATCHES_MAX * sizeof(struct ipt_event_match) +
			   sizeof(struct ipt_event_ether));
} bundle SEC(".maps");

SEC("raw_tp.w")
int BPF_PROG(trace_matches, const struct iptables_trace_ctx *c)
{
	struct ipt_event_matches *event;
	__u64 length, size;
	__u32 zero = 0;

	event = bpf_map_lookup_elem(&bundle, &zero);
	if (!event || !is_readable(c))
		return lost(IPT_EVENT_LOSS_CONTEXT);
	length = c->match_count * sizeof(*event->match);
	/* In the form in which the verifier of 5.10 sees what it can be. */
	barrier_var(length);
	if (length > IPT_EVENT_MATCHES_MAX * sizeof(*event->match))
		return lost(IPT_EVENT_LOSS_CONTEXT);
	event->ether = !!c->ether;
	if (c->ether)
		length += sizeof(struct ipt_event_ether);
	size = sizeof(*event) + length;
	fill_head(&event->head, c, size);
	event->count = c->match_count;
	if (bpf_probe_read_kernel(event->match, length, (const void *)c->matches))
		return lost(IPT_EVENT_LOSS_CONTEXT);
	if (bpf_ringbuf_output(&events, event, size, wakeup(size)))
		return lost(IPT_EVENT_LOSS_RING_FULL);
	return 0;
}

/* Of memory in which words are where they belong, which of bytes the compiler does not see everywhere. */
static __always_inline void copy_words(void *to, const void *from, const __u32 size)
{
	const __u64 *source = from;
	__u64 *word = to;
	__u32 i;

#pragma unroll
	for (i = 0; i < size / sizeof(*word); i++)
		word[i] = source[i];
}

static __always_inline __u64 events_in(const struct iptables_trace_traversal *t)
{
	return t->rule_count + !!(t->parts & IPTABLES_TRACE_PART_ENTER) +
	       !!(t->parts & IPTABLES_TRACE_PART_LEAVE);
}

/* A record stands for several events, so not each has to look; which do is left to all walks of every fourth packet. */
static __always_inline __u64 wakeup_at_some(const struct iptables_trace_ctx *c)
{
	return c->packet % 4 ? BPF_RB_NO_WAKEUP : wakeup(0);
}

#define HALF_HEADER (IPT_EVENT_HEADER_LEN / 2)

/* A walk in a record with room for so many rules, and for the packet's first bytes at its end. Both are constants. */
static __always_inline int record_walk(const struct iptables_trace_traversal *t, const __u32 rules,
				       const int with_end)
{
	const __u32 size = sizeof(struct ipt_event_walk) +
			   rules * sizeof(struct ipt_event_walk_rule) +
			   (with_end ? IPT_EVENT_HEADER_LEN : 0);
	const struct iptables_trace_ctx *c = &t->enter;
	struct ipt_event_walk *event = bpf_ringbuf_reserve(&events, size, 0);
	__u32 i;

	if (!event)
		return lost_some(IPT_EVENT_LOSS_RING_FULL, events_in(t));
	fill_head(&event->head, c, size);
	if (with_costs)
		event->head.flags |= IPT_EVENT_TIMED;
	event->handle = c->handle;
	if (c->nft_family)
		__builtin_memcpy(event->chain, c->chain, sizeof(event->chain));
	else
		event->chain[0] = '\0';
	event->mark = c->mark;
	event->ct_mark = c->ct_mark;
	__builtin_memcpy(&event->in, &c->in_ifindex,
			 offsetof(struct ipt_event_walk, header) -
				 offsetof(struct ipt_event_walk, in));
	copy_words(event->header, c->header, HALF_HEADER);
	if (c->header_len > HALF_HEADER)
		copy_words(event->header + HALF_HEADER, c->header + HALF_HEADER, HALF_HEADER);
	if (c->flags & IPTABLES_TRACE_F_OWNED)
		__builtin_memcpy(&event->owner, &c->owner, sizeof(event->owner));
	__builtin_memcpy(&event->end, &t->left, sizeof(event->end));
	event->parts = t->parts;
	event->rule_count = t->rule_count;
#pragma unroll
	for (i = 0; i < rules; i++)
		__builtin_memcpy(&event->rules[i], &t->rules[i], sizeof(*event->rules));
	if (with_end)
		copy_words(event->rules + rules, t->left_header, IPT_EVENT_HEADER_LEN);
	return submit(event, wakeup_at_some(c));
}

SEC("raw_tp.w")
int BPF_PROG(trace_walk, const struct iptables_trace_traversal *t)
{
	if (!is_readable(&t->enter))
		return lost(IPT_EVENT_LOSS_CONTEXT);
	if (t->parts & IPTABLES_TRACE_PART_HEADER)
		return t->rule_count <= 4 ? record_walk(t, 4, 1) :
					    record_walk(t, IPTABLES_TRACE_RULES_MAX, 1);
	if (t->rule_count <= 1)
		return record_walk(t, 1, 0);
	return t->rule_count <= 4 ? record_walk(t, 4, 0) :
				    record_walk(t, IPTABLES_TRACE_RULES_MAX, 0);
}

/* What is taken over in one piece has the same form on both sides. */
#define SAME_PLACE(ours, field, theirs, their_field) \
	IPT_EVENT_ASSERT(offsetof(struct ours, field) == offsetof(struct theirs, their_field))
#define HEAD(field, theirs) SAME_PLACE(ipt_event_head, field, iptables_trace_ctx, theirs)
HEAD(version, version);
HEAD(type, kind);
HEAD(family, family);
HEAD(size, size);
HEAD(time, time_ns);
HEAD(packet, packet);
HEAD(traversal, traversal);
HEAD(parent, parent_traversal);
HEAD(parent_packet, parent_packet);
HEAD(missed, missed);
HEAD(ruleset, ruleset);
HEAD(replacements, replacements);
HEAD(netns_cookie, netns_cookie);
HEAD(netns, netns_inum);
HEAD(cpu, cpu);
HEAD(seq, seq);
HEAD(flags, flags);
HEAD(hook, hook);
HEAD(nft_family, nft_family);
HEAD(table, table);
#define RULE(field, theirs) SAME_PLACE(ipt_event_rule, field, iptables_trace_ctx, theirs)
RULE(chain, chain);
RULE(number, rule_number);
RULE(mark, mark);
RULE(ct_mark, ct_mark);
RULE(kind, rule_type);
RULE(reserved, reserved);
RULE(handle, handle);
RULE(verdict, verdict);
RULE(net, net_ns);
#define DEVICE(field, theirs) \
	IPT_EVENT_ASSERT(offsetof(struct ipt_event_enter, field) - \
				 offsetof(struct ipt_event_enter, in) == \
			 offsetof(struct iptables_trace_ctx, theirs) - \
				 offsetof(struct iptables_trace_ctx, in_ifindex))
DEVICE(in.name, in_name);
DEVICE(out.ifindex, out_ifindex);
DEVICE(out.name, out_name);
#define BEGINNING(field, theirs) \
	IPT_EVENT_ASSERT(offsetof(struct ipt_event_walk, field) - \
				 offsetof(struct ipt_event_walk, in) == \
			 offsetof(struct iptables_trace_ctx, theirs) - \
				 offsetof(struct iptables_trace_ctx, in_ifindex))
BEGINNING(out, out_ifindex);
BEGINNING(length, length);
BEGINNING(ct_status, ct_status);
BEGINNING(ct_state, ct_state);
BEGINNING(header_len, header_len);
BEGINNING(priority, priority);
#define WALK_RULE(field, theirs) \
	SAME_PLACE(ipt_event_walk_rule, field, iptables_trace_rule, theirs)
WALK_RULE(chain, chain);
WALK_RULE(number, rule_number);
WALK_RULE(mark, mark);
WALK_RULE(ct_mark, ct_mark);
WALK_RULE(kind, rule_type);
WALK_RULE(handle, handle);
WALK_RULE(verdict, verdict);
WALK_RULE(net, net_ns);
WALK_RULE(time, time_ns);
WALK_RULE(cpu, cpu);
WALK_RULE(flags, flags);
#define WALK_END(field, theirs) SAME_PLACE(ipt_event_walk_end, field, iptables_trace_left, theirs)
WALK_END(time, time_ns);
WALK_END(missed, missed);
WALK_END(ruleset, ruleset);
WALK_END(replacements, replacements);
WALK_END(cpu, cpu);
WALK_END(verdict, verdict);
WALK_END(net, net_ns);
WALK_END(mark, mark);
WALK_END(ct_mark, ct_mark);
WALK_END(length, length);
WALK_END(ct_status, ct_status);
WALK_END(ct_state, ct_state);
WALK_END(header_len, header_len);
WALK_END(flags, flags);
IPT_EVENT_ASSERT(IPT_EVENT_PART_ENTER == (int)IPTABLES_TRACE_PART_ENTER &&
		 IPT_EVENT_PART_LEAVE == (int)IPTABLES_TRACE_PART_LEAVE &&
		 IPT_EVENT_PART_HEADER == (int)IPTABLES_TRACE_PART_HEADER);
#define MATCH(field, theirs) SAME_PLACE(ipt_event_match, field, iptables_trace_match, theirs)
MATCH(number, rule_number);
MATCH(index, index);
MATCH(flags, flags);
MATCH(duration, duration_ns);
MATCH(program, prog_id);
IPT_EVENT_ASSERT((int)IPT_EVENT_ENTER == (int)IPTABLES_TRACE_ENTER &&
		 (int)IPT_EVENT_RULE == (int)IPTABLES_TRACE_RULE &&
		 (int)IPT_EVENT_LEAVE == (int)IPTABLES_TRACE_LEAVE &&
		 (int)IPT_EVENT_MATCHES == (int)IPTABLES_TRACE_MATCHES &&
		 (int)IPT_EVENT_WALK == (int)IPTABLES_TRACE_TRAVERSAL);
IPT_EVENT_ASSERT((int)IPT_EVENT_FIRST == (int)IPTABLES_TRACE_F_FIRST &&
		 (int)IPT_EVENT_TERMINAL == (int)IPTABLES_TRACE_F_TERMINAL &&
		 (int)IPT_EVENT_STOLEN == (int)IPTABLES_TRACE_F_STOLEN &&
		 (int)IPT_EVENT_GUESSED == (int)IPTABLES_TRACE_F_GUESSED &&
		 (int)IPT_EVENT_USER_TRACE == (int)IPTABLES_TRACE_F_USER_TRACE &&
		 (int)IPT_EVENT_CHILD == (int)IPTABLES_TRACE_F_CHILD &&
		 (int)IPT_EVENT_OWNED == (int)IPTABLES_TRACE_F_OWNED &&
		 (int)IPT_EVENT_OBSERVED == (int)IPTABLES_TRACE_F_OBSERVED &&
		 (int)IPT_EVENT_TABLE_CUT == (int)IPTABLES_TRACE_F_TABLE_CUT &&
		 (int)IPT_EVENT_CHAIN_CUT == (int)IPTABLES_TRACE_F_CHAIN_CUT &&
		 (int)IPT_EVENT_UNTOLD == (int)IPTABLES_TRACE_F_UNTOLD);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_walk_rule) == sizeof(struct iptables_trace_rule) &&
		 sizeof(struct ipt_event_walk_end) == sizeof(struct iptables_trace_left));
IPT_EVENT_ASSERT(sizeof(struct ipt_event_match) == sizeof(struct iptables_trace_match));
IPT_EVENT_ASSERT(sizeof(struct ipt_event_ether) == sizeof(struct iptables_trace_ether));
IPT_EVENT_ASSERT(IPT_EVENT_MATCHES_MAX == IPTABLES_TRACE_MATCHES_MAX);
IPT_EVENT_ASSERT((int)IPT_EVENT_MATCH_YES == (int)IPTABLES_TRACE_MATCH_YES &&
		 (int)IPT_EVENT_MATCH_HOTDROP == (int)IPTABLES_TRACE_MATCH_HOTDROP);

/* The kinds of rules have the same numbers on both sides. */
IPT_EVENT_ASSERT((int)IPT_EVENT_KIND_RULE == (int)IPTABLES_TRACE_TYPE_RULE);
IPT_EVENT_ASSERT((int)IPT_EVENT_KIND_RETURN == (int)IPTABLES_TRACE_TYPE_RETURN);
IPT_EVENT_ASSERT((int)IPT_EVENT_KIND_POLICY == (int)IPTABLES_TRACE_TYPE_POLICY);
IPT_EVENT_ASSERT((int)IPT_EVENT_KIND_OTHER == (int)IPTABLES_TRACE_TYPE_OTHER);
IPT_EVENT_ASSERT((int)IPT_EVENT_NFT_INET == (int)IPTABLES_TRACE_NFT_INET &&
		 (int)IPT_EVENT_NFT_IPV4 == (int)IPTABLES_TRACE_NFT_IPV4 &&
		 (int)IPT_EVENT_NFT_ARP == (int)IPTABLES_TRACE_NFT_ARP &&
		 (int)IPT_EVENT_NFT_BRIDGE == (int)IPTABLES_TRACE_NFT_BRIDGE &&
		 (int)IPT_EVENT_NFT_IPV6 == (int)IPTABLES_TRACE_NFT_IPV6);
IPT_EVENT_ASSERT((int)IPT_EVENT_NFT_CONTINUE == (int)IPTABLES_TRACE_NFT_CONTINUE &&
		 (int)IPT_EVENT_NFT_JUMP == (int)IPTABLES_TRACE_NFT_JUMP &&
		 (int)IPT_EVENT_NFT_GOTO == (int)IPTABLES_TRACE_NFT_GOTO &&
		 (int)IPT_EVENT_NFT_RETURN == (int)IPTABLES_TRACE_NFT_RETURN);
IPT_EVENT_ASSERT(IPT_EVENT_NAME_LEN == IPTABLES_TRACE_TABLE_LEN &&
		 IPT_EVENT_NAME_LEN == IPTABLES_TRACE_CHAIN_LEN);
IPT_EVENT_ASSERT(IPT_EVENT_DEV_LEN == IPTABLES_TRACE_IFNAME_LEN);
IPT_EVENT_ASSERT(IPT_EVENT_HEADER_LEN == IPTABLES_TRACE_HEADER_LEN);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_owner) == sizeof(struct iptables_trace_owner));
IPT_EVENT_ASSERT(offsetof(struct ipt_event_owner, uid) ==
		 offsetof(struct iptables_trace_owner, uid));
IPT_EVENT_ASSERT(offsetof(struct ipt_event_owner, socket) ==
		 offsetof(struct iptables_trace_owner, socket));
IPT_EVENT_ASSERT(offsetof(struct ipt_event_owner, pid) ==
		 offsetof(struct iptables_trace_owner, pid));
IPT_EVENT_ASSERT(offsetof(struct ipt_event_owner, comm) ==
		 offsetof(struct iptables_trace_owner, comm));
