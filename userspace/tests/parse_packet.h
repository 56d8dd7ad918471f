/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PARSE_PACKET_H
#define PARSE_PACKET_H

#include <stddef.h>

#include "iptables_trace_event.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Not 0: the parser has read outside of the packet's bytes. */
int parse_packet(unsigned char family, const unsigned char *bytes, size_t length, struct ipt_event_packet *packet);

/* From IPTABLES_TRACE_CT_... to IPT_EVENT_CT_... */
unsigned char connection_of_state(unsigned char state, unsigned char *reply);

#ifdef __cplusplus
}
#endif

#endif
