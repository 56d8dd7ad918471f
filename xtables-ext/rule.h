/* SPDX-License-Identifier: GPL-2.0-only */
/* What a rule's match says, in whatever revision the rule holds it. */
#ifndef XTABLES_EXT_RULE_H
#define XTABLES_EXT_RULE_H

#include <stdbool.h>
#include <linux/filter.h>
#include <xtables.h>

#include "xt_ebpf.h"

/* Points to what others own: a blob, or contents.h. */
struct bpf_rule {
	__u16 source;		/* XT_EBPF_BYTECODE ... */
	bool invert;
	const struct sock_filter *insns;
	unsigned int num_insns;
	const char *text;		/* as in the blob, with a zero behind it; "" if there is none */
	unsigned int text_len;
};

/* Makes an entry one of revision 2. What is too long for it is stored in the kernel first. */
void rule_write(const struct bpf_rule *rule, struct xt_entry_match *entry);

/*
 * Reads an entry of any revision. False if no option can express it. Ends the program if contents that were stored
 * cannot be had: what is not known must be neither shown nor saved as something else.
 */
bool rule_read(const struct xt_entry_match *entry, struct bpf_rule *rule);

/* The handle that the kernel gave to a rule of revision 2, or 0. */
__u64 rule_handle(const struct xt_entry_match *entry);

/* XT_EBPF_OBJECT: the text's two parts. */
static inline const char *rule_object_program(const struct bpf_rule *rule)
{
	return rule->text + __builtin_strlen(rule->text) + 1;
}

#endif
