// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contents by number. What this process has stored or asked for is remembered: iptables -v prints a rule before the
 * kernel has it, and iptables-translate has no kernel at all.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "contents.h"
#include "genl.h"
#include "invocation.h"

struct contents {
	__u64 number;
	unsigned int num_insns;
	unsigned int text_len;
	struct sock_filter data[];	/* instructions, text, zero */
};

static void *remembered;

static int compare(const void *a, const void *b)
{
	const struct contents *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static const struct contents *find(__u64 number)
{
	const struct contents wanted = { .number = number };
	const struct contents **found = tfind(&wanted, &remembered, compare);

	return found ? *found : NULL;
}

static const struct contents *remember(__u64 number, const struct bpf_rule *rule)
{
	size_t insns_size = rule->num_insns * sizeof(*rule->insns);
	struct contents *contents;

	if (find(number))
		return find(number);
	contents = xtables_calloc(1, sizeof(*contents) + insns_size + rule->text_len + 1);
	contents->number = number;
	contents->num_insns = rule->num_insns;
	contents->text_len = rule->text_len;
	if (insns_size)
		memcpy(contents->data, rule->insns, insns_size);
	memcpy((char *)contents->data + insns_size, rule->text, rule->text_len);
	tsearch(contents, &remembered, compare);
	return contents;
}

__u64 contents_store(const struct bpf_rule *rule)
{
	static __u64 made_up;
	__u64 number;

	if (invocation_translates())
		number = ++made_up;
	else if (!genl_store(rule, &number))
		xtables_error(OTHER_PROBLEM,
			      "bpf: the kernel did not take %u instructions and %u bytes of text: %s",
			      rule->num_insns, rule->text_len, genl_error());
	remember(number, rule);
	return number;
}

void contents_get(const struct xt_ebpf_info *info, struct bpf_rule *rule)
{
	const struct contents *contents = find(info->content);
	struct genl_rule live;

	if (!contents) {
		if (!info->handle || !genl_rule(info->handle, &live))
			xtables_error(OTHER_PROBLEM,
				      "bpf: the kernel does not tell what a rule with handle %#llx says: %s",
				      info->handle, genl_error());
		contents = remember(info->content, &live.rule);
	}
	rule->insns = contents->data;
	rule->num_insns = contents->num_insns;
	rule->text = (const char *)&contents->data[contents->num_insns];
	rule->text_len = contents->text_len;
}
