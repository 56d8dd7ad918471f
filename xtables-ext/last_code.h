/* SPDX-License-Identifier: GPL-2.0-only */
/* The last text and the instructions that it came to: a restore often has the same in many rules. */
#ifndef XTABLES_EXT_LAST_CODE_H
#define XTABLES_EXT_LAST_CODE_H

#include <linux/filter.h>

/* Of one kind of text. All zero before the first. */
struct last_code {
	char *text;
	struct sock_filter *insns;
	unsigned int num_insns;
};

/* A copy of the instructions, for the caller to free, or NULL if the last text was another one. */
struct sock_filter *last_code_of(const struct last_code *last, const char *text,
				 unsigned int *num_insns);
void last_code_set(struct last_code *last, const char *text, const struct sock_filter *insns,
		   unsigned int num_insns);

#endif
