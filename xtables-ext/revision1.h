/* SPDX-License-Identifier: GPL-2.0-only */
/* Revision 1, which stock iptables and the in-tree match know, and when a rule is written in it. */
#ifndef XTABLES_EXT_REVISION1_H
#define XTABLES_EXT_REVISION1_H

#include "invocation.h"
#include "rule.h"

/* Whether the fields of revision 1 hold all of the rule. Its parts must fit. */
bool revision1_can_say(const struct bpf_rule *rule);

/* Fills in the data of an entry of revision 1. */
void revision1_write(const struct bpf_rule *rule, struct xt_entry_match *entry);

/* Rewrites an entry of revision 2, complete, where it should be one of revision 1 that says the same. */
void revision1_prefer(const struct bpf_rule *rule, struct xt_entry_match *entry,
		      const struct invocation *invocation);

#endif
