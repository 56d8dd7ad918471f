/* SPDX-License-Identifier: GPL-2.0-only */
/* How iptables was called: as which program, and with which command for a rule. */
#ifndef XTABLES_EXT_INVOCATION_H
#define XTABLES_EXT_INVOCATION_H

#include <stdbool.h>

/* In the environment: -C and -D look for a rule of this revision, 1 or 2. */
#define INVOCATION_SEARCH "IPTABLES_EBPF_SEARCH"

struct invocation {
	char command;		/* 'A', 'I', 'R': a rule is added; 'C', 'D': one is looked for; 0: neither */
	const char *table;
	char **word;		/* that holds the command, or NULL */
	unsigned int letter;	/* where in it, if the command is a letter; else 0 */
};

/* Of one rule: the words as parse() gets them, those of its line in iptables-restore. */
struct invocation invocation_read(char **argv);

static inline bool invocation_searches(const struct invocation *invocation)
{
	return invocation->command == 'C' || invocation->command == 'D';
}

/*
 * Whether another iptables says that there is no rule of these words: exit status 1 of the same command with -C, which looks
 * for one of that revision. Anything else that keeps it from telling is no answer. A rule is more than its match, of which alone
 * an extension knows.
 */
bool invocation_misses(char **argv, const struct invocation *invocation, unsigned int revision);

/* iptables-translate and the like: there is no kernel, and no rule. */
bool invocation_translates(void);

/* iptables-legacy and its like, or iptables-nft. */
bool invocation_is_legacy(void);

#endif
