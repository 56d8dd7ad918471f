// SPDX-License-Identifier: GPL-2.0-only
/*
 * libxtables does not tell an extension what its rule is for, but hands it all words of the command. They are read here as
 * getopt_long() reads them, by the table that iptables and the extensions in use have filled, so that the argument of an
 * option is not taken for a command.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
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

/* letter: where in the word, 0 for a long option. */
static void see(struct invocation *invocation, const struct option *option, const char *argument,
		char **word, unsigned int letter)
{
	if (!invocation->command && option->val < 128 && option->val > 0 &&
	    strchr("ACDIR", option->val)) {
		invocation->command = option->val;
		invocation->word = word;
		invocation->letter = letter;
	}
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
	char **first = word;

	if (!option)
		return word;
	if (!argument && option->has_arg == required_argument && word[1])
		argument = *++word;
	see(invocation, option, argument, first, 0);
	return word;
}

static char **read_short(struct invocation *invocation, char **word)
{
	char **first = word;
	const char *letter;

	for (letter = *first + 1; *letter; letter++) {
		const struct option *option = find_short(*letter);
		const char *argument = letter[1] ? letter + 1 : NULL;

		if (!option)
			continue;
		if (option->has_arg == no_argument) {
			see(invocation, option, NULL, first, letter - *first);
			continue;
		}
		if (!argument && option->has_arg == required_argument && word[1])
			argument = *++word;
		see(invocation, option, argument, first, letter - *first);
		break;
	}
	return word;
}

/* iptables-restore puts -t before the words of a line, and takes no other there. Then the rest has nothing to tell. */
static bool is_all(const struct invocation *invocation)
{
	return invocation->command && invocation->table &&
	       strstr(xt_params->program_name, "restore");
}

static void read_words(struct invocation *invocation, char **word)
{
	for (; *word && !is_all(invocation); word++) {
		if (!strcmp(*word, "--"))
			break;
		if (!strncmp(*word, "--", 2))
			word = read_long(invocation, word);
		else if (**word == '-')
			word = read_short(invocation, word);
	}
}

struct invocation invocation_read(char **argv)
{
	struct invocation invocation = { .table = NULL };

	if (*argv && xt_params->opts)
		read_words(&invocation, argv + 1);
	if (!invocation.table)
		invocation.table = "filter";
	return invocation;
}

/* The word that holds the command, with -C for it; its chain may be in the same word. */
static char *word_of_check(const char *word, unsigned int letter)
{
	const char *chain = strchr(word, '=');
	char *check;

	if (!letter)
		return asprintf(&check, "--check%s", chain ? chain : "") < 0 ? NULL : check;
	check = strdup(word);
	if (check)
		check[letter] = 'C';
	return check;
}

/* The words with -C for the command, as iptables would be called for one rule. */
static char **words_of_check(char **argv, const struct invocation *invocation)
{
	size_t count = 0, restore;
	char **words;

	while (argv[count])
		count++;
	words = xtables_calloc(count + 1, sizeof(*words));
	memcpy(words, argv, count * sizeof(*words));

	restore = strlen(argv[0]);
	restore -= restore > strlen("-restore") ? strlen("-restore") : restore;
	words[0] = strdup(argv[0]);
	if (words[0] && !strcmp(words[0] + restore, "-restore"))
		words[0][restore] = '\0';

	count = invocation->word - argv;
	words[count] = word_of_check(argv[count], invocation->letter);
	return words;
}

static void become_another(char **words, unsigned int revision)
{
	char value[] = { '0' + revision, '\0' };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	setenv(INVOCATION_SEARCH, value, true);
	/* It only reads, while this process may hold the lock. */
	setenv("XTABLES_LOCKFILE", "/dev/null", true);
	execv("/proc/self/exe", words);
}

bool invocation_misses(char **argv, const struct invocation *invocation, unsigned int revision)
{
	char **words = words_of_check(argv, invocation);
	int status = -1;
	pid_t pid;

	pid = words[0] && words[invocation->word - argv] ? fork() : -1;
	if (!pid) {
		become_another(words, revision);
		_exit(127);
	}
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	free(words[invocation->word - argv]);
	free(words[0]);
	free(words);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

bool invocation_translates(void)
{
	return strstr(xt_params->program_name, "translate");
}

bool invocation_is_legacy(void)
{
	return xt_params->compat_rev == xtables_compatible_revision;
}
