/* SPDX-License-Identifier: GPL-2.0-only */
/* The callbacks that show rules, of any revision. */
#ifndef XTABLES_EXT_SHOW_H
#define XTABLES_EXT_SHOW_H

#include <xtables.h>

#include "rule.h"

/* iptables -S, iptables-save: the options that make the rule. */
void show_save(const void *ip, const struct xt_entry_match *match);

/* iptables -L: the same for people, and what the kernel knows of the program. */
void show_print(const void *ip, const struct xt_entry_match *match, int numeric);

/* iptables-translate: nft has nothing of the kind, so a comment. */
int show_translate(struct xt_xlate *xl, const struct xt_xlate_mt_params *params);

/* Characters that the options of the rule take when it is saved. */
size_t show_saved_length(const struct bpf_rule *rule);

#endif
