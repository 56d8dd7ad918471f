// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of revision 2 that live, by handle.
 *
 * A blob comes through checkentry once when its rule is added, and then, from iptables-legacy, again with each change of
 * its table, before the old copy is destroyed. The handle tells the two apart, and makes the copies one rule: the same
 * program, the same numbers.
 *
 * The rules of all network namespaces are in one table. There is nothing to do when a namespace ends: its rules are
 * destroyed one by one by those who have them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/netlink.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "match.h"

#define RULE_BITS	12

/* Of all that match.h says is under it. Innermost, but for what the kernel takes itself when programs come and go. */
DEFINE_MUTEX(match_lock);

static DEFINE_HASHTABLE(rules, RULE_BITS);
static unsigned int changes;

/* Of additions, removals and exchanges: what has been read in parts is whole if it is still the same. */
unsigned int match_rules_changes(void)
{
	lockdep_assert_held(&match_lock);
	return changes;
}

static struct xt_ebpf_rule *find(u64 handle)
{
	struct xt_ebpf_rule *rule;

	lockdep_assert_held(&match_lock);
	hash_for_each_possible(rules, rule, node, handle)
		if (rule->handle == handle)
			return rule;
	return NULL;
}

struct xt_ebpf_rule *match_rule_by_handle(const struct net *net, u64 handle)
{
	struct xt_ebpf_rule *rule = find(handle);

	return rule && rule->net == net ? rule : NULL;
}

static bool is_in(const struct xt_ebpf_rule *rule, const struct match_place *place)
{
	return rule->net == place->net && rule->family == place->family &&
	       rule->nft == place->nft && !strcmp(rule->table, place->table);
}

/* Whether the user wrote the rule as the blob says, down to the bytes that iptables compares. */
static bool says(const struct xt_ebpf_rule *rule, const struct xt_ebpf_info *info)
{
	return rule->flags == info->flags && match_source_is(rule->source, info);
}

/* Any rule that the user wrote this way. */
struct xt_ebpf_rule *match_rule_by_blob(const struct match_place *place,
					const struct xt_ebpf_info *info)
{
	struct match_source *source = match_source_find(place->net, info);
	struct xt_ebpf_rule *rule;

	if (!source)
		return NULL;
	list_for_each_entry(rule, &source->rules, of_source)
		if (is_in(rule, place) && rule->flags == info->flags)
			return rule;
	return NULL;
}

/* The next rule that the filter wants, from where walk stands, or NULL. */
struct xt_ebpf_rule *match_rule_next(const struct match_filter *filter, struct match_walk *walk)
{
	struct xt_ebpf_rule *rule;
	unsigned int i;

	lockdep_assert_held(&match_lock);
	for (; walk->bucket < HASH_SIZE(rules); walk->bucket++, walk->skip = 0) {
		i = 0;
		hlist_for_each_entry(rule, &rules[walk->bucket], node) {
			if (i++ < walk->skip)
				continue;
			walk->skip = i;
			if (filter->net && rule->net != filter->net)
				continue;
			if (filter->prog_id && (rule->source->prog ||
						match_rule_prog(rule)->aux->id != filter->prog_id))
				continue;
			return rule;
		}
	}
	return NULL;
}

/* Makes the program the rule's, with all that is to be known of it, in one store. */
static void set_prog(struct xt_ebpf_rule *rule, const struct bpf_prog *prog, bool count)
{
	bool invert = rule->flags & XT_EBPF_F_INVERT;
	unsigned long run = 0;

	if (prog->cb_access || match_prog_is_netfilter(prog) || invert)
		run |= MATCH_ODD;
	if (invert)
		run |= MATCH_INVERT;
	if (rule->nft)
		run |= MATCH_MAY_MIGRATE;
	if (run || count)
		run |= MATCH_CAREFUL;
	/* Pairs with the address dependency in the packet path. */
	smp_store_release(&rule->run, (unsigned long)prog | run);
}

/* All rules count from now on, or no more. They have room for their numbers. */
void match_rules_count(bool count)
{
	const struct match_filter all = {};
	struct match_walk walk = {};
	struct xt_ebpf_rule *rule;

	while ((rule = match_rule_next(&all, &walk)))
		set_prog(rule, match_rule_prog(rule), count);
}

static u64 new_handle(void)
{
	u64 handle;

	do
		handle = get_random_u64();
	while (!handle || find(handle));
	return handle;
}

/* A rule for a blob that has none. Takes over the references to source and program if it succeeds. */
int match_rule_add(const struct xt_mtchk_param *par, struct xt_ebpf_info *info,
		   struct match_source *source, struct bpf_prog *prog)
{
	size_t table_size = strlen(par->table) + 1;
	struct xt_ebpf_rule *rule;
	int err;

	lockdep_assert_held(&match_lock);
	rule = kzalloc(struct_size(rule, table, table_size), GFP_KERNEL_ACCOUNT);
	if (!rule)
		return -ENOMEM;
	memcpy(rule->table, par->table, table_size);
	rule->references = 1;
	rule->net = par->net;
	rule->source = source;
	rule->flags = info->flags;
	rule->family = par->family;
	rule->nft = par->nft_compat;
	rule->since = ktime_get_real_seconds();
	set_prog(rule, prog, static_key_enabled(&match_counts));

	if (static_key_enabled(&match_counts)) {
		err = match_numbers_prepare(rule);
		if (err) {
			kfree(rule);
			return err;
		}
	}

	rule->handle = new_handle();
	hash_add(rules, &rule->node, rule->handle);
	list_add(&rule->of_source, &source->rules);
	changes++;
	info->handle = rule->handle;
	info->rule = rule;
	return 0;
}

/* A copy of a rule that lives. */
int match_rule_again(const struct xt_mtchk_param *par, struct xt_ebpf_info *info)
{
	const struct match_place place = {
		.net = par->net,
		.table = par->table,
		.family = par->family,
		.nft = par->nft_compat,
	};
	struct xt_ebpf_rule *rule;

	lockdep_assert_held(&match_lock);
	rule = find(info->handle);
	if (!rule || !is_in(rule, &place) || !says(rule, info)) {
		match_explain(par, "no such rule lives in this table: a blob was kept for longer than its rule, or made up");
		return -ESTALE;
	}
	if (rule->references == U32_MAX)
		return -EOVERFLOW;
	rule->references++;
	info->rule = rule;
	return 0;
}

/* A copy is gone, and no packet is in it. */
void match_rule_put(struct xt_ebpf_rule *rule)
{
	lockdep_assert_held(&match_lock);
	if (--rule->references)
		return;
	hash_del(&rule->node);
	list_del(&rule->of_source);
	changes++;
	if (!rule->source->prog)
		bpf_prog_put((struct bpf_prog *)match_rule_prog(rule));
	match_source_put(rule->source);
	free_percpu(rule->numbers);
	kfree(rule);
}

static struct bpf_prog *replacement_for(const struct bpf_prog *old, int fd,
					struct netlink_ext_ack *extack)
{
	struct bpf_prog *new = bpf_prog_get_type(fd, old->type);

	if (PTR_ERR(new) == -EINVAL)
		NL_SET_ERR_MSG(extack, "the new program is not of the type of the old one, or no BPF program");
	else if (IS_ERR(new))
		NL_SET_ERR_MSG(extack, "the file descriptor is not open");
	return new;
}

/*
 * Puts another program behind all rules of a namespace that run the one with this id. Returns how many these are. A
 * packet that is in the old program keeps it until it is through: the kernel frees programs after a grace period.
 */
int match_rules_swap(const struct net *net, u32 prog_id, int fd, struct netlink_ext_ack *extack)
{
	const struct match_filter filter = { .net = net, .prog_id = prog_id };
	struct match_walk walk = {};
	struct xt_ebpf_rule *rule = match_rule_next(&filter, &walk);
	struct bpf_prog *old, *new;
	int swapped = 0;

	if (!rule) {
		NL_SET_ERR_MSG(extack, "no rule of revision 2 in this network namespace runs the old program");
		return -ENOENT;
	}

	new = replacement_for(match_rule_prog(rule), fd, extack);
	if (IS_ERR(new))
		return PTR_ERR(new);
	if (new->aux->id == prog_id) {
		bpf_prog_put(new);
		NL_SET_ERR_MSG(extack, "the two programs are one");
		return -EALREADY;
	}

	for (; rule; rule = match_rule_next(&filter, &walk)) {
		old = (struct bpf_prog *)match_rule_prog(rule);
		bpf_prog_inc(new);
		set_prog(rule, new, static_key_enabled(&match_counts));
		bpf_prog_put(old);
		swapped++;
	}
	bpf_prog_put(new);
	changes++;
	return swapped;
}
