// SPDX-License-Identifier: GPL-2.0-only
/* Text as words of iptables-restore. */
#include <stdbool.h>
#include <string.h>

#include "word.h"

/* iptables-restore, legacy and nft, gives up at a longer word. */
#define RESTORE_WORD_MAX 1023

static void print(FILE *out, const char *text, size_t len, bool quoted, bool continued)
{
	size_t i;

	fputs(quoted ? " \"" : " ", out);
	for (i = 0; i < len; i++) {
		if (strchr("\"\\'", text[i]))
			fputc('\\', out);
		fputc(text[i], out);
	}
	if (continued)
		fputs("\\\\", out);
	if (quoted)
		fputc('"', out);
}

/* Quoted only where it must be: what reads iptables-save's output knows such paths without quotes. */
static bool needs_quotes(const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";

	return !*text || text[strspn(text, plain)];
}

void word_print(FILE *out, const char *text, int how)
{
	print(out, text, strlen(text), how & WORD_QUOTED || needs_quotes(text), false);
}

/* The pieces, each but the last with one backslash more at its end, are put together by draft.c. */
void word_save(FILE *out, const char *option, const char *value, int how)
{
	size_t rest = strlen(value);

	while (rest > RESTORE_WORD_MAX) {
		size_t len = RESTORE_WORD_MAX - 1;

		fprintf(out, " %s", option);
		print(out, value, len, true, true);
		value += len;
		rest -= len;
	}
	fprintf(out, " %s", option);
	word_print(out, value, how);
}
