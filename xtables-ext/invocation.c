// SPDX-License-Identifier: GPL-2.0-only
/*
 * libxtables does not tell an extension what its rule is for, but hands it all words of the command. They are read here as
 * getopt_long() reads them, by the table that iptables and the extensions in use have filled, so that the argument of an
 * option is not taken for a command.
 */
#include <getopt.h>
#include <string.h>
#include <xtables.h>

#include "invocation.h"

/* The option that name, which has len bytes, stands for: by its whole name, or by the start of only one. */
static const struct option *find_long(const char *name, size_t len)
{
	const struct option *option, *found = NULL;

	for (option = xt_params->opts; option->name; option++) {
		if (strncmp(option->name, name, len))
			continue;
		if (!option->name[len])
			return option;
		if (found && found->val != option->val)
			return NULL;
		found = option;
	}
	return found;
}

/* Each short option of iptables has a long name. */
static const struct option *find_short(char letter)
{
	const struct option *option;

	for (option = xt_params->opts; option->name; option++)
		if (option->val == letter)
			return option;
	return NULL;
}

static void see(struct invocation *invocation, const struct option *option, const char *argument)
{
	if (!invocation->command && option->val < 128 && option->val > 0 &&
	    strchr("ACDIR", option->val))
		invocation->command = option->val;
	if (option->val == 't' && argument)
		invocation->table = argument;
}

/* Returns the last word that was used. */
static char **read_long(struct invocation *invocation, char **word)
{
	const char *name = *word + 2;
	size_t len = strcspn(name, "=");
	const char *argument = name[len] ? name + len + 1 : NULL;
	const struct option *option = find_long(name, len);

	if (!option)
		return word;
	if (!argument && option->has_arg == required_argument && word[1])
		argument = *++word;
	see(invocation, option, argument);
	return word;
}

static char **read_short(struct invocation *invocation, char **word)
{
	const char *letter;

	for (letter = *word + 1; *letter; letter++) {
		const struct option *option = find_short(*letter);
		const char *argument = letter[1] ? letter + 1 : NULL;

		if (!option)
			continue;
		if (option->has_arg == no_argument) {
			see(invocation, option, NULL);
			continue;
		}
		if (!argument && option->has_arg == required_argument && word[1])
			argument = *++word;
		see(invocation, option, argument);
		break;
	}
	return word;
}

struct invocation invocation_read(char **argv)
{
	struct invocation invocation = { .table = "filter" };
	char **word;

	if (!*argv || !xt_params->opts)
		return invocation;
	for (word = argv + 1; *word; word++) {
		if (!strcmp(*word, "--"))
			break;
		if (!strncmp(*word, "--", 2))
			word = read_long(&invocation, word);
		else if (**word == '-')
			word = read_short(&invocation, word);
	}
	return invocation;
}

bool invocation_translates(void)
{
	return strstr(xt_params->program_name, "translate");
}

bool invocation_is_legacy(void)
{
	return xt_params->compat_rev == xtables_compatible_revision;
}
