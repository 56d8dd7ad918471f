/* SPDX-License-Identifier: GPL-2.0-only */
/* Layer 1: the options of a TCP header, one after the other. */
#ifndef TCP_OPTIONS_BPF_H
#define TCP_OPTIONS_BPF_H

#include "skb.bpf.h"

#define TCP_OPTIONS_MOST	40	/* bytes, and options of one byte */

enum tcp_option {
	TCP_OPTION_END = 0,
	TCP_OPTION_NOP = 1,
	TCP_OPTION_MSS = 2,
	TCP_OPTION_WINDOW_SCALE = 3,
	TCP_OPTION_SACK_PERMITTED = 4,
	TCP_OPTION_SACK = 5,
	TCP_OPTION_TIMESTAMP = 8,
};

enum tcp_options_next {
	TCP_OPTIONS_OPTION, /* one came */
	TCP_OPTIONS_DONE, /* all of the header's bytes were options */
	TCP_OPTIONS_BAD, /* the next one says a length that cannot be */
};

/* Bytes between the fixed header and the payload. */
struct tcp_options {
	__u32 at; /* of the next option */
	__u32 end;
};

struct tcp_option_found {
	__u32 at;
	__u8 kind;
	__u8 length; /* with kind and length themselves */
};

static __always_inline enum tcp_options_next
next_tcp_option(struct __sk_buff *skb, struct tcp_options *options, struct tcp_option_found *found)
{
	__u8 head[2] = {};

	if (options->at >= options->end)
		return TCP_OPTIONS_DONE;
	found->at = options->at;
	if (bpf_skb_load_bytes(skb, options->at, head, 1))
		return TCP_OPTIONS_BAD;
	found->kind = head[0];
	found->length = 1;
	if (found->kind != TCP_OPTION_END && found->kind != TCP_OPTION_NOP) {
		if (load_before(skb, options->end, options->at, head, sizeof(head)) ||
		    head[1] < 2 || options->at + head[1] > options->end)
			return TCP_OPTIONS_BAD;
		found->length = head[1];
	}
	options->at += found->length;
	return TCP_OPTIONS_OPTION;
}

#endif
