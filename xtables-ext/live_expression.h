/* SPDX-License-Identifier: GPL-2.0-only */
/* Expressions that the kernel has, compiled by whichever libpcap there was. */
#ifndef XTABLES_EXT_LIVE_EXPRESSION_H
#define XTABLES_EXT_LIVE_EXPRESSION_H

#include "rule.h"

/*
 * If no rule of the table is like this one, which is an expression, but one has the same text: its instructions, for the caller
 * to free, and how many. Else NULL.
 */
struct sock_filter *live_expression_find(const struct bpf_rule *rule,
					 const struct xt_entry_match *entry, const char *table,
					 unsigned int *num_insns);

#endif
