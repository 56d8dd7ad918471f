/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A TCP signature of p0f, version 3, in the form in which a program compares it and the tool writes it into a map.
 * Compiles as BPF C, C and C++. Numbers are in the machine's byte order.
 */
#ifndef P0F_SIGNATURE_H
#define P0F_SIGNATURE_H

#include <linux/types.h>

#define P0F_LAYOUT_MOST	24	/* options of TCP that a layout has */
#define P0F_LAYOUT_WORDS 3

enum p0f_quirk {
	P0F_DF			= 1 << 0,
	P0F_ID_NONZERO		= 1 << 1,	/* though DF is set */
	P0F_ID_ZERO		= 1 << 2,	/* though DF is not set */
	P0F_ECN			= 1 << 3,
	P0F_RESERVED_NONZERO	= 1 << 4,
	P0F_FLOW		= 1 << 5,
	P0F_SEQUENCE_ZERO	= 1 << 6,
	P0F_ACK_NONZERO		= 1 << 7,	/* though ACK is not set */
	P0F_ACK_ZERO		= 1 << 8,	/* though ACK is set */
	P0F_URGENT_NONZERO	= 1 << 9,	/* though URG is not set */
	P0F_URG			= 1 << 10,
	P0F_PUSH		= 1 << 11,
	P0F_TIME_ZERO		= 1 << 12,
	P0F_PEER_TIME_NONZERO	= 1 << 13,
	P0F_BEHIND_END_NONZERO	= 1 << 14,
	P0F_EXCESSIVE_SCALE	= 1 << 15,
	P0F_BAD_OPTIONS		= 1 << 16,
};

/* Quirks that a signature of either version leaves out where the packet's version does not know them. */
#define P0F_ONLY_IPV4	(P0F_DF | P0F_ID_NONZERO | P0F_ID_ZERO)
#define P0F_ONLY_IPV6	P0F_FLOW

enum p0f_window {
	P0F_WINDOW_VALUE,
	P0F_WINDOW_ANY,
	P0F_WINDOW_MULTIPLE,	/* of the value */
	P0F_WINDOW_MSS,		/* the value times */
	P0F_WINDOW_MTU,
};

/* p0f_signature.any */
enum p0f_any {
	P0F_ANY_MSS = 1 << 0,
	P0F_ANY_SCALE = 1 << 1,
	P0F_ANY_PAYLOAD = 1 << 2,
	P0F_ANY_LOWER_TTL = 1 << 3,	/* however far the packet has come */
};

struct p0f_signature {
	__u64 layout[P0F_LAYOUT_WORDS];	/* kinds of options: the last one in the lowest byte of the first word */
	__u32 quirks;
	__u16 mss;
	__u16 window;
	__u8 window_kind;	/* enum p0f_window */
	__u8 version;		/* 0: any */
	__u8 ttl;		/* at first; 0: there is no signature */
	__u8 ip_options;	/* their length */
	__u8 scale;
	__u8 layout_length;
	__u8 padding;		/* bytes behind the option that ends the list */
	__u8 payload;		/* 1: has some */
	__u8 any;		/* enum p0f_any */
	__u8 reserved[7];
};

#endif
