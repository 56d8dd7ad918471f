// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies of rulesets in which every match is a stand-in that tells what the match said.
 *
 * The walker of ip_tables finds all that it needs in the table that it is handed. Counters of rules, jump stacks and what a
 * match keeps from packet to packet are behind pointers, which the copy shares; so a packet may be walked through either,
 * and each of its matches is asked once. What a copy points to lives as long as the original's rules: a copy is used only
 * while the table has these, which whoever uses it has to make sure of (see trace_observe.c).
 *
 * That they are the same is known by a witness, a random number, in the original: like what a copy says of matches, it
 * stands in a half header that is of no use to the kernel. Addresses come again, and a replacement may escape a probe.
 */
#include <linux/cache.h>
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <net/net_namespace.h>

#include "trace.h"
#include "trace_copy.h"
#include "version.h"

struct itrace_copy {
	struct hlist_node node;		/* in copies */
	const struct xt_table *of;	/* compared, not followed */
	const struct xt_table_info *rules; /* likewise */
	u64 witness;
	bool gone;			/* the table is */
	unsigned int users;		/* sessions */
	struct list_head list;		/* when there are none any more */

	struct xt_table table;		/* what the walker is handed */
	struct list_head stand_ins;
};

/* By the table. Read under RCU, written under copies_lock, which is taken within x_tables' own lock of the table. */
static DEFINE_HASHTABLE(copies, 6);
static DEFINE_MUTEX(copies_lock);

/* Where a rule of IPv4 or IPv6 has what both of them have. */
struct layout {
	size_t matches;
	size_t target_offset;
	size_t next_offset;
};

static const struct layout *layout_of(u8 family)
{
	static const struct layout ipv4 = {
		.matches	= offsetof(struct ipt_entry, elems),
		.target_offset	= offsetof(struct ipt_entry, target_offset),
		.next_offset	= offsetof(struct ipt_entry, next_offset),
	};
	static const struct layout ipv6 = {
		.matches	= offsetof(struct ip6t_entry, elems),
		.target_offset	= offsetof(struct ip6t_entry, target_offset),
		.next_offset	= offsetof(struct ip6t_entry, next_offset),
	};

	return family == NFPROTO_IPV6 ? &ipv6 : &ipv4;
}

static struct xt_entry_target *target_of(void *rule, const struct layout *layout)
{
	return rule + *(u16 *)(rule + layout->target_offset);
}

/* Every ruleset has a first rule, and that a target. */
static void *witness_of(const struct xt_table_info *rules, u8 family)
{
	struct xt_entry_target *target = target_of((void *)rules->entries, layout_of(family));

	BUILD_BUG_ON(sizeof(target->u.kernel) + sizeof(u64) > sizeof(*target));
	return (void *)target + sizeof(target->u.kernel);
}

/* rules: what a table has, and keeps until the caller is done. */
static bool is_of(const struct itrace_copy *copy, const struct xt_table_info *rules)
{
	return copy->rules == rules &&
	       !memcmp(witness_of(rules, copy->table.af), &copy->witness, sizeof(copy->witness));
}

static struct itrace_copy *find(const struct xt_table *table)
{
	const struct xt_table_info *rules = READ_ONCE(table->private);
	struct itrace_copy *copy;

	hash_for_each_possible_rcu(copies, copy, node, (unsigned long)table,
				   lockdep_is_held(&copies_lock))
		if (copy->of == table && is_of(copy, rules))
			return copy;
	return NULL;
}

/* The copy of the rules that the table has, or NULL. The caller holds up x_tables, should it be about to free them. */
const struct xt_table *itrace_copy_find(const struct xt_table *table)
{
	const struct itrace_copy *copy = find(table);

	return copy ? &copy->table : NULL;
}

enum itrace_runs itrace_runs_of(const struct xt_match *match)
{
	if (strcmp(match->name, "bpf"))
		return ITRACE_RUNS_NOTHING;
	if (match->revision < 2)
		return ITRACE_RUNS_FILTER;
	/* Nobody but xt_ebpf of this version is known to keep rules as we read them. */
	if (match->me && !strcmp(module_name(match->me), "xt_ebpf") && match->me->version &&
	    !strcmp(match->me->version, IPTABLES_EBPF_VERSION))
		return ITRACE_RUNS_RULE;
	return ITRACE_RUNS_NOTHING;
}

static struct itrace_stand_in *stand_in_for(struct itrace_copy *copy, const struct xt_match *match)
{
	struct itrace_stand_in *stand_in;

	list_for_each_entry(stand_in, &copy->stand_ins, list)
		if (stand_in->original == match)
			return stand_in;

	stand_in = kzalloc(sizeof(*stand_in), GFP_KERNEL);
	if (!stand_in)
		return NULL;
	memcpy(&stand_in->match, match, sizeof(*match));
	stand_in->match.match = itrace_observe_match;
	stand_in->original = match;
	stand_in->runs = itrace_runs_of(match);
	list_add(&stand_in->list, &copy->stand_ins);
	return stand_in;
}

static int replace_matches(struct itrace_copy *copy, void *rule, const struct layout *layout,
			   unsigned int number)
{
	void *end = target_of(rule, layout);
	struct xt_entry_match *match;
	unsigned int index = 0;

	for (match = rule + layout->matches; (void *)match < end;
	     match = (void *)match + match->u.match_size) {
		struct itrace_stand_in *stand_in = stand_in_for(copy, match->u.kernel.match);
		struct itrace_place *place = itrace_place_of(match->data);

		if (!stand_in)
			return -ENOMEM;
		match->u.kernel.match = &stand_in->match;
		place->rule = number;
		place->index = min_t(unsigned int, index++, U8_MAX);
	}
	return 0;
}

static bool begins_hook(const struct xt_table_info *rules, unsigned int offset)
{
	unsigned int hook;

	for (hook = 0; hook < ARRAY_SIZE(rules->hook_entry); hook++)
		if (rules->hook_entry[hook] == offset)
			return true;
	return false;
}

/* The head of a user's chain, which is no rule of it. */
static bool begins_chain(void *rule, const struct layout *layout)
{
	return !strcmp(target_of(rule, layout)->u.kernel.target->name, XT_ERROR_TARGET);
}

/* Numbers rules as nf_log_trace() does. */
static int replace_all_matches(struct itrace_copy *copy, struct xt_table_info *rules)
{
	const struct layout *layout = layout_of(copy->table.af);
	unsigned int offset = 0, number = 0;

	while (offset < rules->size) {
		void *rule = rules->entries + offset;
		int err;

		if (begins_hook(rules, offset))
			number = 0;
		number = begins_chain(rule, layout) ? 0 : number + 1;
		err = replace_matches(copy, rule, layout, number);
		if (err)
			return err;
		offset += *(u16 *)(rule + layout->next_offset);
		cond_resched();
	}
	return 0;
}

/*
 * Goes through the rules to the one that nf_log_trace() is told of, as the walker has just done to find its number. False: it
 * is not among them, or they are not those that the table has now. Like itrace_copy_find(), in a walk.
 */
bool itrace_copy_search(const struct xt_table *table, const void *walked, unsigned int hook,
			const char *chain, unsigned int number)
{
	const struct xt_table_info *rules = READ_ONCE(table->private);
	const struct layout *layout = layout_of(table->af);
	unsigned int offset = rules->hook_entry[hook], at = 0;
	const char *end = (const char *)rules->entries + rules->size;
	/* The names of users' chains are in their heads. */
	bool in_chain = chain < (const char *)rules->entries || chain >= end;

	if (rules != walked)
		return false;
	while (offset < rules->size) {
		void *rule = (void *)rules->entries + offset;

		if (begins_chain(rule, layout)) {
			in_chain = chain == (const char *)target_of(rule, layout)->data;
			at = 0;
		} else if (++at == number && in_chain) {
			return true;
		}
		offset += *(u16 *)(rule + layout->next_offset);
	}
	return false;
}

static void copy_free(struct itrace_copy *copy)
{
	struct itrace_stand_in *stand_in, *next;

	list_for_each_entry_safe(stand_in, next, &copy->stand_ins, list)
		kfree(stand_in);
	kvfree(copy->table.private);
	kfree(copy);
}

/* The caller holds the table. */
static struct itrace_copy *copy_create(const struct xt_table *table)
{
	const struct xt_table_info *original = table->private;
	size_t size = sizeof(*original) + original->size;
	struct itrace_copy *copy = kzalloc(sizeof(*copy), GFP_KERNEL);
	struct xt_table_info *rules;
	int err = -ENOMEM;

	if (!copy)
		return ERR_PTR(err);
	INIT_LIST_HEAD(&copy->stand_ins);
	memcpy(&copy->table, table, sizeof(*table));
	rules = kvmalloc(size, GFP_KERNEL);
	copy->table.private = rules;
	if (!rules)
		goto free;
	memcpy(rules, original, size);
	err = replace_all_matches(copy, rules);
	if (err)
		goto free;

	copy->of = table;
	copy->rules = original;
	copy->witness = get_random_u64();
	memcpy(witness_of(original, table->af), &copy->witness, sizeof(copy->witness));
	return copy;
free:
	copy_free(copy);
	return ERR_PTR(err);
}

static void put(struct itrace_copy *copy, struct list_head *unused)
{
	if (--copy->users)
		return;
	hash_del_rcu(&copy->node);
	list_add(&copy->list, unused);
}

/* After packets have left them. */
static void free_all(struct list_head *unused)
{
	struct itrace_copy *copy, *next;

	if (list_empty(unused))
		return;
	synchronize_rcu();
	list_for_each_entry_safe(copy, next, unused, list)
		copy_free(copy);
}

static void put_gone(struct itrace_session *session, struct list_head *unused)
{
	unsigned int i = 0;

	while (i < session->observed) {
		if (!READ_ONCE(session->copies[i]->gone)) {
			i++;
			continue;
		}
		put(session->copies[i], unused);
		session->copies[i] = session->copies[--session->observed];
	}
}

static int observe_locked(struct itrace_session *session, const struct xt_table *table,
			  struct list_head *unused)
{
	struct itrace_copy *copy;
	unsigned int i;

	put_gone(session, unused);
	for (i = 0; i < session->observed; i++)
		if (session->copies[i]->of == table)
			break;
	if (i == ARRAY_SIZE(session->copies))
		return -ENOSPC;

	copy = find(table);
	if (i < session->observed && session->copies[i] == copy)
		return 0;
	if (!copy) {
		copy = copy_create(table);
		if (IS_ERR(copy))
			return PTR_ERR(copy);
		hash_add_rcu(copies, &copy->node, (unsigned long)table);
	}
	copy->users++;
	if (i < session->observed)
		put(session->copies[i], unused);
	else
		session->observed++;
	session->copies[i] = copy;
	return 0;
}

/*
 * Has the rules of a table observed. Under the session's lock. ruleset: their number, 0 unless the session runs: the number
 * of before has no meaning then.
 */
int itrace_observe_table(struct itrace_session *session, struct net *net, u8 family,
			 const char *name, u64 *ruleset)
{
	struct xt_table *table = compat_find_table_lock(net, family, name);
	struct module *owner;
	LIST_HEAD(unused);
	u64 clock;
	int err;

	if (IS_ERR(table))
		return PTR_ERR(table);
	owner = table->me;
	*ruleset = session->running ? itrace_ruleset_of(table, &clock) : 0;
	if (session->running && !*ruleset) {
		err = -EAGAIN;
	} else {
		mutex_lock(&copies_lock);
		err = observe_locked(session, table, &unused);
		mutex_unlock(&copies_lock);
	}
	xt_table_unlock(table);
	module_put(owner);
	free_all(&unused);
	return err;
}

/* A session that does not run. */
void itrace_observe_nothing(struct itrace_session *session)
{
	LIST_HEAD(unused);

	mutex_lock(&copies_lock);
	while (session->observed)
		put(session->copies[--session->observed], &unused);
	mutex_unlock(&copies_lock);
	free_all(&unused);
}

/* Its copies are of no use any more. They make room when their sessions need it. In a probe handler. */
void itrace_observe_table_gone(const struct xt_table *table)
{
	struct itrace_copy *copy;

	hash_for_each_possible_rcu(copies, copy, node, (unsigned long)table)
		if (copy->of == table)
			WRITE_ONCE(copy->gone, true);
}
