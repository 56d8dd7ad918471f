// SPDX-License-Identifier: GPL-2.0-only
/* Likewise of a program that has no registers of the probe: its stack begins at itself, and the second frame has called it. */
#include "trace_direct_helpers.h"
#include "trace_stack.h"

static __always_inline void try_helper(void *args, struct trace_record *to)
{
	try_stack(args, to);
}
