// SPDX-License-Identifier: GPL-2.0-only
/* The packet parser of the BPF programs, as it is, with a helper of our own in the place of the kernel's. */
#include <stddef.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/types.h>

#include "parse_packet.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
#define bpf_probe_read_kernel bpf_probe_read_kernel_unused
#include <bpf/bpf_helpers.h>
#undef bpf_probe_read_kernel

#include "iptables_trace_ctx.h"

/* Whatever is read has to be the packet's. */
static const struct iptables_trace_ctx *whole;
static int strayed;

static long bpf_probe_read_kernel(void *to, __u32 size, const void *from)
{
	const __u8 *at = from;

	if (at < whole->header || at + size > whole->header + whole->header_len)
		strayed = 1;
	memcpy(to, from, size);
	return 0;
}

#include "packet.bpf.h"

int parse_packet(unsigned char family, const unsigned char *bytes, size_t length, struct ipt_event_packet *packet)
{
	struct iptables_trace_ctx ctx = { .family = family, .length = length, .ct_state = IPTABLES_TRACE_CT_NONE };

	ctx.header_len = length < sizeof(ctx.header) ? length : sizeof(ctx.header);
	/* What is not the packet's must not be looked at. */
	memset(ctx.header, 0xee, sizeof(ctx.header));
	memcpy(ctx.header, bytes, ctx.header_len);
	memset(packet, 0, sizeof(*packet));
	whole = &ctx;
	strayed = 0;
	fill_packet(packet, &ctx);
	return strayed;
}

unsigned char connection_of_state(unsigned char state, unsigned char *reply)
{
	struct ipt_event_packet packet = {};

	connection_of(&packet, state);
	*reply = packet.reply;
	return packet.connection;
}
