/* SPDX-License-Identifier: GPL-2.0-only */
/* Text as a word of a saved rule: quoted where iptables-restore needs it, in pieces where it is too long for it. */
#ifndef XTABLES_EXT_WORD_H
#define XTABLES_EXT_WORD_H

#include <stdio.h>

/* Quotes also where there need be none. */
#define WORD_QUOTED 1

/* A space, the option, a space and the value; more than once if the value takes more than one word. */
void word_save(FILE *out, const char *option, const char *value, int how);

/* A space and the text. */
void word_print(FILE *out, const char *text, int how);

#endif
