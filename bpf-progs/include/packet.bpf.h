/* SPDX-License-Identifier: GPL-2.0-only */
/* Layer 2: the packet of a single event. */
#ifndef PACKET_BPF_H
#define PACKET_BPF_H

#include "iptables_trace_ctx.h"
#include <bpf/bpf_helpers.h>

/* Only at offsets that are constants the context can be read itself. */
#define READ_AT(to, size, from) bpf_probe_read_kernel(to, size, from)
#include "parse_packet.h"

IPT_EVENT_ASSERT(IPTABLES_TRACE_CT_ESTABLISHED == 0 && IPTABLES_TRACE_CT_RELATED == 1 &&
		 IPTABLES_TRACE_CT_NEW == 2 && IPTABLES_TRACE_CT_ESTABLISHED_REPLY == 3 &&
		 IPTABLES_TRACE_CT_RELATED_REPLY == 4 && IPTABLES_TRACE_CT_UNTRACKED == 7);

/* packet: zeroed. */
static __always_inline void fill_packet(struct ipt_event_packet *packet,
					const struct iptables_trace_ctx *c)
{
	packet->length = c->length;
	packet->mark = c->mark;
	packet->ct_status = c->ct_status;
	packet->ct_mark = c->ct_mark;
	parse_connection(packet, c->ct_state);
	parse_header(packet, c->family, c->header, c->header_len);
}

#endif
