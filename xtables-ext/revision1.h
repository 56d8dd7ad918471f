/* SPDX-License-Identifier: GPL-2.0-only */
/* Revision 1, which stock iptables and the in-tree match know, and when a rule is written in it. */
#ifndef XTABLES_EXT_REVISION1_H
#define XTABLES_EXT_REVISION1_H

#include "rule.h"

/* Whether the fields of revision 1 hold all of the rule. Its parts must fit. */
bool revision1_can_say(const struct bpf_rule *rule);

/* Makes an entry one of revision 1. */
void revision1_write(const struct bpf_rule *rule, struct xt_entry_match *entry);

/* Whether a rule that is added should be of revision 1, as far as that can say it. */
bool revision1_is_wanted(void);

/* Of which revision a rule is that is looked for, as far as entry tells, a match of it as revision 2. */
enum revision1_search { REVISION_1, REVISION_2, REVISION_EITHER };
enum revision1_search revision1_search(const struct bpf_rule *rule,
				       const struct xt_entry_match *entry, const char *table);

/* The rule is added as this revision, 1 or 2. */
void revision1_remember(const struct bpf_rule *rule, const char *table, unsigned int revision);

#endif
