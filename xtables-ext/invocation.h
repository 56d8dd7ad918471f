/* SPDX-License-Identifier: GPL-2.0-only */
/* How iptables was called: as which program, and with which command for a rule. */
#ifndef XTABLES_EXT_INVOCATION_H
#define XTABLES_EXT_INVOCATION_H

#include <stdbool.h>

struct invocation {
	char command;		/* 'A', 'I', 'R': a rule is added; 'C', 'D': one is looked for; 0: neither */
	const char *table;
};

/* Of one rule: the words as parse() gets them, those of its line in iptables-restore. */
struct invocation invocation_read(char **argv);

static inline bool invocation_searches(const struct invocation *invocation)
{
	return invocation->command == 'C' || invocation->command == 'D';
}

/* iptables-translate and the like: there is no kernel, and no rule. */
bool invocation_translates(void);

/* iptables-legacy and its like, or iptables-nft. */
bool invocation_is_legacy(void);

#endif
