/* SPDX-License-Identifier: GPL-2.0-only */
/* Layer 0: what the programs share with the tool that loads them. */
#ifndef MAPS_BPF_H
#define MAPS_BPF_H

#include "iptables_trace_event.h"
#include <bpf/bpf_helpers.h>

/* Events, for the tool to read. It sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

/* What was not written, by enum ipt_event_loss. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, IPT_EVENT_LOSSES);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

/*
 * The reader looks at the ring every few milliseconds by itself; waking it for an event costs more than the event. It is
 * woken only when this many bytes have come together. Set by the tool.
 */
const volatile __u64 wake_bytes = 1024;

/* Whether events carry the packet's first bytes: for formats that keep them. Set by the tool. */
const volatile __u32 with_header;

/* Whether they say what rules take: in sessions that ask the module for it. Set by the tool. */
const volatile __u32 with_costs;

static __always_inline int lost_some(__u32 reason, __u64 events)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &reason);

	if (count)
		*count += events;
	return 1;
}

static __always_inline int lost(__u32 reason)
{
	return lost_some(reason, 1);
}

/* More than is likely to be written between one look at the ring and the next. */
#define BETWEEN_LOOKS 16384

/* Looks how much has come together, not_yet more bytes included, and says whether that is what wakes the reader. */
static __always_inline __u64 wakeup(__u64 not_yet)
{
	__u64 waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) + not_yet;

	/* It has become that many since the last look. */
	return waiting - wake_bytes < BETWEEN_LOOKS ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline int submit(void *event, __u64 flags)
{
	bpf_ringbuf_submit(event, flags);
	return 0;
}

#endif
