// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revision 1 beside revision 2. Its blobs have the same size on purpose: one can take the other's place in an entry that
 * libxtables made for revision 2.
 *
 * A rule is added as revision 1 if the host is set up so that stock iptables can read its tables. One that is looked for
 * may be of either revision. The kernel tells whether any rule of revision 2 has such a match; if rules of revision 1 may have it
 * too, another iptables looks for the whole rule.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/xt_bpf.h>

#include "genl.h"
#include "invocation.h"
#include "module.h"
#include "revision1.h"

_Static_assert(sizeof(struct xt_bpf_info_v1) == sizeof(struct xt_ebpf_info),
	       "one takes the other's place");

/* Of its fields, what -C and -D compare where the match is registered as revision 2. */
#define COMPARED (XT_EBPF_COMPARED - offsetof(struct xt_bpf_info_v1, path))

bool revision1_can_say(const struct bpf_rule *rule)
{
	if (rule->invert)
		return false;
	switch (rule->source) {
	case XT_EBPF_BYTECODE:
		return rule->num_insns * sizeof(*rule->insns) <= COMPARED;
	case XT_EBPF_PINNED:
		return rule->text_len < COMPARED;
	default:
		return false;
	}
}

/*
 * Revision 1 carries the number of a file descriptor, though the kernel goes by the path alone. libxt_bpf leaves the
 * program open and stores the number that it got. -C and -D compare it, so they find such a rule only in a process that
 * has the same files open. Here it is a constant: the number that libxt_bpf gets in iptables -A or -I, which is 3 in
 * iptables-legacy, and 4 in iptables-nft, whose netlink socket is 3. Rules that libxt_bpf added are found as well.
 */
static int usual_descriptor(void)
{
	return invocation_is_legacy() ? 3 : 4;
}

void revision1_write(const struct bpf_rule *rule, struct xt_entry_match *entry)
{
	struct xt_bpf_info_v1 *info = (void *)entry->data;

	entry->u.user.revision = 1;
	memset(info, 0, sizeof(*info));
	if (rule->source == XT_EBPF_PINNED) {
		info->mode = XT_BPF_MODE_PATH_PINNED;
		info->fd = usual_descriptor();
		memcpy(info->path, rule->text, rule->text_len);
	} else {
		info->mode = XT_BPF_MODE_BYTECODE;
		info->bpf_program_num_elem = rule->num_insns;
		memcpy(info->bpf_program, rule->insns, rule->num_insns * sizeof(*rule->insns));
	}
}

/* 1, 2, or 0 if the variable is not set. */
static unsigned int revision_in_environment(const char *variable)
{
	const char *set = getenv(variable);

	if (!set || !*set)
		return 0;
	if (strcmp(set, "1") && strcmp(set, "2"))
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: %s is \"%s\" in the environment; it can be 1 or 2", variable,
			      set);
	return *set - '0';
}

/* Set by the host's administrator, or when this was built. */
bool revision1_is_wanted(void)
{
	return (revision_in_environment("IPTABLES_EBPF_REVISION") ?: DEFAULT_REVISION) == 1;
}

/*
 * Rules that this process is about to add, by revision: iptables-restore hands a whole table over at its end, so a later
 * line may look for what the kernel does not have yet, and the kernel may have what the restore is about to replace. Kept
 * as hashes; two rules with the same one would have to be looked for in the same file for anybody to notice.
 */
static void *added_as_1, *added_as_2;

static __u64 hash(const struct bpf_rule *rule, const char *table)
{
	const struct {
		const void *bytes;
		size_t size;
	} parts[] = {
		{ rule->insns, rule->num_insns * sizeof(*rule->insns) },
		{ rule->text, rule->text_len },
		{ table, strlen(table) },
	};
	__u64 hash = 0xcbf29ce484222325;	/* FNV-1a */
	size_t i, j;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		for (j = 0; j < parts[i].size; j++)
			hash = (hash ^ ((const __u8 *)parts[i].bytes)[j]) * 0x100000001b3;
	return hash;
}

static int compare(const void *a, const void *b)
{
	const __u64 *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static bool is_in(void *const *added, __u64 key)
{
	return tfind(&key, added, compare);
}

void revision1_remember(const struct bpf_rule *rule, const char *table, unsigned int revision)
{
	void **added = revision == 1 ? &added_as_1 : &added_as_2;
	__u64 key = hash(rule, table), *copy;

	if (!revision1_can_say(rule) || is_in(added, key))
		return;
	copy = xtables_malloc(sizeof(*copy));
	*copy = key;
	tsearch(copy, added, compare);
}

enum revision1_search revision1_search(const struct bpf_rule *rule,
				       const struct xt_entry_match *entry, const char *table)
{
	unsigned int set = revision_in_environment(INVOCATION_SEARCH);
	__u64 key = hash(rule, table), handle;

	if (set)
		return set == 1 ? REVISION_1 : REVISION_2;
	if (is_in(&added_as_2, key))
		return REVISION_2;
	if (is_in(&added_as_1, key) ||
	    !genl_rule_exists((const void *)entry->data, table, EXT_FAMILY, &handle))
		return REVISION_1;
	return module_may_have_revision_1() ? REVISION_EITHER : REVISION_2;
}
