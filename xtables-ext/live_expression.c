// SPDX-License-Identifier: GPL-2.0-only
/*
 * Libpcap makes other code of the same text in another version, or where a name has another address by now. But -C and -D look
 * for what was written. So if nothing in the table is the same byte for byte, the text is looked for, and the code that came
 * with it taken.
 */
#include <string.h>

#include "genl.h"
#include "live_expression.h"

struct search {
	const struct bpf_rule *rule;
	const char *table;
	__u64 handle;
};

static bool differs(const struct genl_rule *live, void *data)
{
	struct search *search = data;
	const struct bpf_rule *rule = search->rule;

	if (!live->is_here || live->family != EXT_FAMILY || strcmp(live->table, search->table) ||
	    live->rule.source != rule->source || live->rule.invert != rule->invert ||
	    strcmp(live->rule.text, rule->text))
		return true;
	search->handle = live->handle;
	return false;
}

struct sock_filter *live_expression_find(const struct bpf_rule *rule,
					 const struct xt_entry_match *entry, const char *table,
					 unsigned int *num_insns)
{
	struct search search = { .rule = rule, .table = table };
	struct sock_filter *insns;
	struct genl_rule live;
	__u64 handle;

	if (genl_rule_exists((const void *)entry->data, table, EXT_FAMILY, &handle) ||
	    !genl_rules(differs, &search) || !search.handle ||
	    !genl_rule(search.handle, &live) || !live.rule.num_insns)
		return NULL;
	*num_insns = live.rule.num_insns;
	insns = xtables_calloc(*num_insns, sizeof(*insns));
	memcpy(insns, live.rule.insns, *num_insns * sizeof(*insns));
	return insns;
}
