// SPDX-License-Identifier: GPL-2.0-only
/* bpf_get_func_ip(), and bpf_get_attach_cookie(), which is 0 as nothing was attached. */
#include "trace_helpers.h"

static __always_inline void try_helper(struct pt_regs *regs, struct trace_record *to)
{
	to->result = bpf_get_func_ip(regs);
	to->caller = bpf_get_attach_cookie(regs);
}
