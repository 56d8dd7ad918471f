/* SPDX-License-Identifier: GPL-2.0-only */
/* The options of one -m bpf as they come in, until all of them are known. */
#ifndef XTABLES_EXT_DRAFT_H
#define XTABLES_EXT_DRAFT_H

#include <getopt.h>
#include <stdbool.h>
#include <xtables.h>

/* Bits that say which options were given; also their values in the option table. */
enum {
	BYTECODE = 1 << 0,
	OBJECT_PINNED = 1 << 1,
	EXPRESSION = 1 << 2,
	OBJECT_FILE = 1 << 3,
	PROGRAM = 1 << 4,
};

struct draft {
	struct draft *next;
	unsigned int number;

	unsigned int option;		/* the one that says where the program comes from, or 0 */
	bool invert;
	char *value;			/* of that option */
	char *program;			/* of --program, or NULL */

	struct xt_entry_match **match;	/* the entry that it is for */
	char **argv;			/* the words of the whole command */
};

extern const struct option bpf_options[];

/* The parse callback, for every revision. */
int draft_parse(int option, char **argv, int invert, unsigned int *flags, const void *entry,
		struct xt_entry_match **match);

/*
 * All drafts of the rule, the last first, at the first final_check callback of its matches; none at the others. flags are
 * those of that match. Ends the program if it had no option, or options that do not go together.
 */
struct draft *draft_take_all(unsigned int flags);

/* Returns the next. */
struct draft *draft_free(struct draft *draft);

/* With its dashes. */
const char *draft_option_name(unsigned int option);

#endif
