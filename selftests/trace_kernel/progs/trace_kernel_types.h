/* SPDX-License-Identifier: GPL-2.0-only */
/* The little that these programs read of the kernel's own types; where it is in the running kernel libbpf finds out. */
#ifndef TRACE_KERNEL_TYPES_H
#define TRACE_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sk_buff {
	unsigned char *head;
	__u16 network_header;
	__u8 nf_trace : 1;
};

struct nf_hook_state {
	__u8 hook;
};

#pragma clang attribute pop

/* Not in the types of every kernel that has x_tables as a module, and the same in all. */
struct xt_match {
	void *list[2];
	char name[29];
	__u8 revision;
	void *match; /* a function */
};

struct xt_action_param {
	const struct xt_match *match;
};

#endif
