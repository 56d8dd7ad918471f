// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options of one -m bpf. They come one by one and in any order, so that what they mean together is only known after the
 * last. libxtables keeps one number for each match of a rule: here, which draft is its.
 *
 * Options are a struct option table parsed by hand. libxtables could parse a table of struct xt_option_entry, but that
 * grew between iptables 1.8.9 and 1.8.11 without a new soname: an extension built for one crashes in the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"
#include "invocation.h"

#define SOURCES (BYTECODE | OBJECT_PINNED | EXPRESSION | OBJECT_FILE)

const struct option bpf_options[] = {
	{ .name = "bytecode", .has_arg = required_argument, .val = BYTECODE },
	{ .name = "object-pinned", .has_arg = required_argument, .val = OBJECT_PINNED },
	{ .name = "expression", .has_arg = required_argument, .val = EXPRESSION },
	{ .name = "object-file", .has_arg = required_argument, .val = OBJECT_FILE },
	{ .name = "program", .has_arg = required_argument, .val = PROGRAM },
	{ .name = NULL },
};

const char *draft_option_name(unsigned int option)
{
	switch (option) {
	case BYTECODE:
		return "--bytecode";
	case OBJECT_PINNED:
		return "--object-pinned";
	case EXPRESSION:
		return "--expression";
	case OBJECT_FILE:
		return "--object-file";
	default:
		return "--program";
	}
}

static struct draft *drafts;

static struct draft *find_or_begin(unsigned int *number)
{
	static unsigned int last;
	struct draft *draft;

	for (draft = drafts; draft; draft = draft->next)
		if (draft->number == *number)
			return draft;
	draft = xtables_calloc(1, sizeof(*draft));
	draft->number = ++last;
	*number = last;
	draft->next = drafts;
	drafts = draft;
	return draft;
}

/*
 * iptables-restore reads no word longer than 1023 characters. So a value may come in pieces: one that ends with a backslash
 * goes on where the same option comes again. Returns false if the value before was whole.
 */
static bool add_piece(char **value, const char *piece)
{
	size_t len = *value ? strlen(*value) : 0;
	char *whole;

	if (*value && (!len || (*value)[len - 1] != '\\'))
		return false;
	if (*value)
		len--;
	whole = realloc(*value, len + strlen(piece) + 1);
	if (!whole)
		xtables_error(RESOURCE_PROBLEM, "bpf: no memory for options");
	memcpy(whole + len, piece, strlen(piece) + 1);
	*value = whole;
	return true;
}

/* What iptables-translate cannot translate it prints as a comment of one line, argument by argument. */
static void keep_on_one_line(char *text, char separator)
{
	for (; *text; text++)
		if (*text == '\n' || *text == '\r')
			*text = separator;
}

int draft_parse(int option, char **argv, int invert, unsigned int *flags, const void *entry,
		struct xt_entry_match **match)
{
	struct draft *draft = find_or_begin(flags);
	const char *name = draft_option_name(option);
	char **value = option == PROGRAM ? &draft->program : &draft->value;

	if (invocation_translates())
		keep_on_one_line(optarg, option == BYTECODE ? ',' : ' ');
	if (option == PROGRAM && invert)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: option \"--program\" cannot be inverted; write ! before --object-file");
	if (option != PROGRAM && draft->option && draft->option != (unsigned int)option)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: %s and %s exclude each other; write -m bpf again for the second",
			      draft_option_name(draft->option), name);
	if (*value && invert)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: option \"%s\" can be inverted only where it comes first", name);
	if (!add_piece(value, optarg))
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: option \"%s\" can be used only once; write -m bpf again for the second program",
			      name);
	if (option != PROGRAM)
		draft->option = option;
	draft->invert |= invert;
	draft->match = match;
	draft->argv = argv;
	return 1;
}

static void require_whole(const struct draft *draft)
{
	if (!draft->option)
		xtables_error(PARAMETER_PROBLEM, "bpf: --program needs --object-file");
	if (draft->program && draft->option != OBJECT_FILE)
		xtables_error(PARAMETER_PROBLEM, "bpf: --program goes with --object-file, not %s",
			      draft_option_name(draft->option));
}

struct draft *draft_take_all(unsigned int flags)
{
	struct draft *all = drafts, *draft;

	drafts = NULL;
	if (!flags)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: one of --bytecode or --object-pinned is required, or another source");
	for (draft = all; draft; draft = draft->next)
		require_whole(draft);
	return all;
}

struct draft *draft_free(struct draft *draft)
{
	struct draft *next = draft->next;

	free(draft->value);
	free(draft->program);
	free(draft);
	return next;
}
