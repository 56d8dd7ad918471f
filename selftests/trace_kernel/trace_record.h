/* SPDX-License-Identifier: GPL-2.0-only */
/* What the recording programs of these tests write for each event. */
#ifndef TRACE_RECORD_H
#define TRACE_RECORD_H

#include "iptables_trace_ctx.h"

struct trace_record {
	struct iptables_trace_ctx ctx;
	__u64 skb;		/* the second argument */
	__u64 state;		/* the third */
	__u32 nf_trace;		/* of the skb, 2 if there is none */
	__u32 state_hook;	/* as nf_hook_state has it */
	__u64 result;		/* of a helper that the program has tried */
	__u64 caller;		/* and what else it has found out */
};

/* ... and for an event that reports matches. */
struct trace_matches_record {
	struct trace_record record;
	struct iptables_trace_match match[IPTABLES_TRACE_MATCHES_MAX];
};

/* ... and for a traversal. */
struct trace_whole_record {
	struct iptables_trace_traversal whole;
	__u64 skb;
	__u32 nf_trace;
	__u32 state_hook;
};

#endif
