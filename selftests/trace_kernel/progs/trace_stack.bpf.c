// SPDX-License-Identifier: GPL-2.0-only
/* Helpers that look at the stack. */
#include "trace_helpers.h"
#include "trace_stack.h"

static __always_inline void try_helper(struct pt_regs *regs, struct trace_record *to)
{
	try_stack(regs, to);
}
