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

/* The draft that flags, handed to the final_check callback, stand for. Ends the program if there was no option. */
struct draft *draft_take(unsigned int flags);

void draft_free(struct draft *draft);

/* With its dashes. */
const char *draft_option_name(unsigned int option);

#endif
