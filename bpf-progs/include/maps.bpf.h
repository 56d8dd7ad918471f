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

static __always_inline int lost(__u32 reason)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &reason);

	if (count)
		*count += 1;
	return 1;
}

/* Whether an event wakes the reader; not_yet: bytes of it that are still to be added to those in the ring. */
static __always_inline __u64 wakeup(__u64 size, __u64 not_yet)
{
	__u64 waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) + not_yet;

	/* This event made it that many, or one of another CPU about now. */
	return waiting - wake_bytes < 2 * size ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline int submit(void *event, __u64 size)
{
	bpf_ringbuf_submit(event, wakeup(size, 0));
	return 0;
}

#endif
