// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "last_code.h"

static struct sock_filter *copy_of(const struct sock_filter *insns, unsigned int num_insns)
{
	struct sock_filter *copy = xtables_malloc(num_insns * sizeof(*copy));

	memcpy(copy, insns, num_insns * sizeof(*copy));
	return copy;
}

struct sock_filter *last_code_of(const struct last_code *last, const char *text,
				 unsigned int *num_insns)
{
	if (!last->text || strcmp(text, last->text))
		return NULL;
	*num_insns = last->num_insns;
	return copy_of(last->insns, last->num_insns);
}

void last_code_set(struct last_code *last, const char *text, const struct sock_filter *insns,
		   unsigned int num_insns)
{
	free(last->text);
	free(last->insns);
	last->text = strdup(text);
	last->insns = copy_of(insns, num_insns);
	last->num_insns = num_insns;
}
