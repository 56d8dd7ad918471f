// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probes in the kernel: set when the first session starts, removed when the last one stops, and kept at their
 * functions when the modules that have these come and go. What the kernel did not let them see is counted here.
 *
 * No function of ip_tables and ip6_tables is linked to: the module loads without them and does not hold them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/string.h>

#include "trace.h"
#include "trace_hook.h"

#define NF_TABLES	"nf_tables"
#define NFT_COMPAT	"nft_compat"

/* A session runs that wants to hear of it. Under hooks_lock. */
static bool nft_wanted;
static bool nft_matches_wanted;		/* and of what matches say there */

#if IS_ENABLED(CONFIG_NF_TABLES)
static bool nft_is_wanted(void)
{
	return nft_wanted;
}

static bool nft_matches_are_wanted(void)
{
	return nft_matches_wanted;
}

static bool nft_users_trace(void)
{
	return nft_wanted && itrace_nft_users_trace();
}
#endif

/* What the first of the hooks miss is no loss: they only spare work. */
#define SPARING		IS_ENABLED(CONFIG_NF_TABLES)

/* From here on they see returns too, and there is more that they can miss. */
#define RETURNING	(SPARING + 3 + 4 * IS_ENABLED(CONFIG_NF_TABLES))

static struct itrace_hook hooks[] = {
#if IS_ENABLED(CONFIG_NF_TABLES)
	{
		.function	= "nft_trace_init",
		.module		= NF_TABLES,
		.at_entry	= itrace_nft_prepare,
		.needed		= nft_is_wanted,
		.diverts	= true,
	},
#endif
	{
		.which		= IPTABLES_TRACE_HOOK_UNREGISTER,
		.function	= "xt_unregister_table",
		.module		= "x_tables",
		.at_entry	= itrace_ruleset_unregister,
	}, {
		.which		= IPTABLES_TRACE_HOOK_USER_TRACE,
		.function	= "trace_tg",
		.module		= "xt_TRACE",
		.at_entry	= itrace_mark_user_trace,
	}, {
		.which		= IPTABLES_TRACE_HOOK_RULE,
		.function	= "nf_log_trace",
		.at_entry	= itrace_walk_rule,
		.diverts	= true,
	},
#if IS_ENABLED(CONFIG_NF_TABLES)
	{
		.which		= IPTABLES_TRACE_HOOK_NFT_USER_TRACE,
		.function	= "nft_meta_set_eval",
		.module		= NF_TABLES,
		.at_entry	= itrace_nft_set_mark,
		.needed		= nft_users_trace,
		.diverts	= true,
	}, {
		.which		= IPTABLES_TRACE_HOOK_NFT_RULE,
		.function	= "nft_trace_notify",
		.module		= NF_TABLES,
		.at_entry	= itrace_walk_rule_nft,
		.needed		= nft_is_wanted,
		.diverts	= true,
	}, {
		.which		= IPTABLES_TRACE_HOOK_NFT_MATCH,
		.function	= "nft_match_eval",
		.module		= NFT_COMPAT,
		.at_entry	= itrace_nft_match,
		.needed		= nft_matches_are_wanted,
		.diverts	= true,
	}, {
		.which		= IPTABLES_TRACE_HOOK_NFT_LARGE_MATCH,
		.function	= "nft_match_large_eval",
		.module		= NFT_COMPAT,
		.at_entry	= itrace_nft_match,
		.needed		= nft_matches_are_wanted,
		.diverts	= true,
	},
#endif
	[RETURNING] = {
		.function	= "itrace_canary",
		.at_entry	= itrace_canary_hit,
		.on_enter	= itrace_canary_followed,
		.on_leave	= itrace_canary_returned,
	}, {
		.which		= IPTABLES_TRACE_HOOK_REPLACE,
		.function	= "xt_replace_table",
		.module		= "x_tables",
		.on_enter	= itrace_ruleset_replace_enter,
		.on_leave	= itrace_ruleset_replace_leave,
		.data_size	= sizeof(struct xt_table *),
	}, {
		.which		= IPTABLES_TRACE_HOOK_DUP_IPV4,
		.function	= "nf_dup_ipv4",
		.module		= "nf_dup_ipv4",
		.on_enter	= itrace_mark_dup_enter,
		.on_leave	= itrace_mark_dup_leave,
		.data_size	= sizeof(struct sk_buff *),
	}, {
		.which		= IPTABLES_TRACE_HOOK_DUP_IPV6,
		.function	= "nf_dup_ipv6",
		.module		= "nf_dup_ipv6",
		.on_enter	= itrace_mark_dup_enter,
		.on_leave	= itrace_mark_dup_leave,
		.data_size	= sizeof(struct sk_buff *),
	},
	/* Last, as everything else has to be there when the first packet is marked. */
	{
		.which		= IPTABLES_TRACE_HOOK_IPV4,
		.function	= "ipt_do_table",
		.module		= "ip_tables",
		.at_entry	= itrace_walk_enter_ipv4,
		.on_enter	= itrace_walk_begin,
		.on_leave	= itrace_walk_leave,
		.data_size	= sizeof(struct itrace_walk),
	}, {
		.which		= IPTABLES_TRACE_HOOK_IPV6,
		.function	= "ip6t_do_table",
		.module		= "ip6_tables",
		.at_entry	= itrace_walk_enter_ipv6,
		.on_enter	= itrace_walk_begin,
		.on_leave	= itrace_walk_leave,
		.data_size	= sizeof(struct itrace_walk),
	},
#if IS_ENABLED(CONFIG_NF_TABLES)
	{
		.which		= IPTABLES_TRACE_HOOK_NFT,
		.function	= "nft_do_chain",
		.module		= NF_TABLES,
		.needed		= nft_is_wanted,
		.at_entry	= itrace_walk_enter_nft,
		.on_enter	= itrace_walk_begin,
		.on_leave	= itrace_walk_leave,
		.data_size	= sizeof(struct itrace_walk),
	},
#endif
};

/* So much was missed at least. It never goes back: if no more was at the end of something, nothing was in between. */
atomic64_t itrace_missed_least = ATOMIC64_INIT(0);

/* Of hooks[]. Never held while a module notifier is registered or unregistered. */
static DEFINE_MUTEX(hooks_lock);
static bool hooks_wanted;
u32 itrace_hooks_now;

/* Of all hooks but those, what they missed on earlier occasions. */
static u64 missed_earlier;

static int hook_set(struct itrace_hook *hook)
{
	int err;

	if (hook->in_place || (hook->needed && !hook->needed()))
		return 0;
	err = itrace_hook_set(hook);
	if (!err)
		WRITE_ONCE(itrace_hooks_now, itrace_hooks_now | hook->which);
	return err;
}

static void hook_remove(struct itrace_hook *hook)
{
	u64 missed;

	if (!hook->in_place)
		return;
	WRITE_ONCE(itrace_hooks_now, itrace_hooks_now & ~hook->which);
	itrace_hook_remove(hook);
	missed = itrace_hook_settle(hook);
	if (hook < &hooks[SPARING])
		return;
	smp_wmb(); /* Who adds up meanwhile may see it nowhere, but never twice. */
	WRITE_ONCE(missed_earlier, missed_earlier + missed);
}

/* The reverse order: packets stop being marked before the rest goes. */
static void hooks_remove_locked(void)
{
	int i;

	for (i = ARRAY_SIZE(hooks) - 1; i >= 0; i--)
		hook_remove(&hooks[i]);
}

static bool is_unneeded(const struct itrace_hook *hook)
{
	return hook->in_place && hook->needed && !hook->needed();
}

/*
 * Whether a hook is needed may change at any time. A walk goes by which are in place when it begins: so these are not any more,
 * for walks that begin, before it is asked again.
 */
static void hooks_remove_unneeded_locked(void)
{
	u32 before = itrace_hooks_now;
	int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (is_unneeded(&hooks[i]))
			WRITE_ONCE(itrace_hooks_now, itrace_hooks_now & ~hooks[i].which);
	}
	if (itrace_hooks_now != before)
		synchronize_rcu();
	for (i = ARRAY_SIZE(hooks) - 1; i >= 0; i--) {
		if (is_unneeded(&hooks[i]))
			hook_remove(&hooks[i]);
		else if (hooks[i].in_place)
			WRITE_ONCE(itrace_hooks_now, itrace_hooks_now | (before & hooks[i].which));
	}
}

static void hooks_remove_all(void)
{
	hooks_wanted = false;
	nft_wanted = false;
	nft_matches_wanted = false;
	itrace_nft_release_key();
	hooks_remove_locked();
}

/* Without the first of the hooks nf_tables would tell others of what is traced for our sake alone. */
static void hold_key_locked(void)
{
	if (nft_wanted && hooks[0].in_place)
		itrace_nft_hold_key();
}

/*
 * What is needed only by some, and of that what is needed now. Without it there is less to tell, which is told too; but the
 * error is returned if nothing is heard of nf_tables by those who need that.
 */
static int complete_locked(void)
{
	unsigned int i;
	int failed = 0;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		struct itrace_hook *hook = &hooks[i];
		int err;

		if (i == SPARING)
			hold_key_locked();
		err = hook->needed ? hook_set(hook) : 0;
		if (!err || err == -ENOENT)
			continue;
		pr_err_ratelimited("the kernel function %s() cannot be probed (%pe)\n",
				   hook->function, ERR_PTR(err));
		if (i < SPARING || hook->which == IPTABLES_TRACE_HOOK_NFT)
			failed = err;
	}
	return failed;
}

void itrace_hooks_complete(void)
{
	mutex_lock(&hooks_lock);
	if (hooks_wanted)
		complete_locked();
	mutex_unlock(&hooks_lock);
}

/*
 * Sets what there is to probe for another session; nft: one that wants to hear of nf_tables; matches: and of what matches say
 * there. That a module with a function is not there is no error: it is waited for.
 */
int itrace_hooks_set(bool nft, bool matches)
{
	unsigned int i;
	int err = 0;

	mutex_lock(&hooks_lock);
	for (i = 0; !hooks_wanted && i < ARRAY_SIZE(hooks); i++) {
		struct itrace_hook *hook = &hooks[i];

		err = hook_set(hook);
		if (!err || (err == -ENOENT && hook->module))
			continue;
		pr_err("the kernel function %s() cannot be probed (%pe)\n", hook->function,
		       ERR_PTR(err));
		/* Some sessions can do without, see itrace_hooks_suffice(). */
		if (hook->which == IPTABLES_TRACE_HOOK_RULE)
			continue;
		err = err == -ENOMEM ? err : -EOPNOTSUPP;
		goto failed;
	}
	hooks_wanted = true;
	nft_wanted |= nft;
	nft_matches_wanted |= matches;
	/* Others may go on without it. What nobody wants any more the caller has removed. */
	err = complete_locked();
	mutex_unlock(&hooks_lock);
	if (!nft || !err)
		return 0;
	return err == -ENOMEM ? err : -EOPNOTSUPP;

failed:
	hooks_remove_all();
	mutex_unlock(&hooks_lock);
	return err;
}

/* Whether a session that marks packets, or one that does not, sees what it has to. For all that were set. */
int itrace_hooks_suffice(bool marks)
{
	if (!itrace_probes_work()) {
		pr_err("the kernel's probes are switched off: see kprobes/enabled in debugfs and the sysctl kernel.ftrace_enabled\n");
		return -EOPNOTSUPP;
	}
	if (marks && !itrace_hook_in_place(IPTABLES_TRACE_HOOK_RULE)) {
		pr_err("the kernel function nf_log_trace() is not probed, and without it rules are not seen\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* No packet may be selected any more, and all walks be over. */
void itrace_hooks_remove(void)
{
	mutex_lock(&hooks_lock);
	hooks_remove_all();
	mutex_unlock(&hooks_lock);
}

/* The sessions that are left want no more than this. No packet may be selected for others any more, and those walks be over. */
void itrace_hooks_narrow(bool nft, bool matches)
{
	mutex_lock(&hooks_lock);
	nft_wanted = nft;
	nft_matches_wanted = matches;
	if (!nft_wanted)
		itrace_nft_release_key();
	hooks_remove_unneeded_locked();
	mutex_unlock(&hooks_lock);
}

/* By kind. From here on it is known of them, also at a walk's beginning. */
void itrace_hooks_missed(struct itrace_missed *missed)
{
	unsigned int i;

	memset(missed, 0, sizeof(*missed));
	mutex_lock(&hooks_lock);
	for (i = SPARING; i < ARRAY_SIZE(hooks); i++) {
		const struct itrace_hook *hook = &hooks[i];
		u64 entries = hook->missed_entries + READ_ONCE(hook->probe.kp.nmissed);
		u64 returns = hook->missed_returns + READ_ONCE(hook->probe.nmissed);

		switch (hook->which) {
		case IPTABLES_TRACE_HOOK_IPV4:
		case IPTABLES_TRACE_HOOK_IPV6:
		case IPTABLES_TRACE_HOOK_NFT:
			missed->enter += entries;
			missed->leave += returns;
			break;
		case IPTABLES_TRACE_HOOK_RULE:
		case IPTABLES_TRACE_HOOK_NFT_RULE:
			missed->rule += entries;
			break;
		default:
			missed->other += entries + returns;
		}
	}
	itrace_hooks_missed_sum();
	mutex_unlock(&hooks_lock);
}

/* All of them, in each walk, and so written out. */
u64 itrace_hooks_missed_sum(void)
{
	s64 least = itrace_missed_at_least();
	u64 entries = READ_ONCE(missed_earlier);
	unsigned int returns = 0, i;

	smp_rmb(); /* hook_remove() writes in the other order. */
#pragma GCC unroll 16
	for (i = SPARING; i < ARRAY_SIZE(hooks); i++) {
		/* Counted on all CPUs without a lock. */
		entries += data_race(hooks[i].probe.kp.nmissed);
		if (i >= RETURNING)
			returns += data_race(hooks[i].probe.nmissed); /* Likewise. */
	}
	entries += returns;
	/* While a probe is removed, what it missed may be seen nowhere. */
	while ((s64)entries > least)
		if (atomic64_try_cmpxchg(&itrace_missed_least, &least, entries))
			return entries;
	return least;
}

static void module_comes(const struct module *module)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		struct itrace_hook *hook = &hooks[i];
		int err;

		if (!hook->module || strcmp(hook->module, module->name))
			continue;
		err = hook_set(hook);
		if (err)
			pr_err("%s() of the module %s that has just been loaded cannot be probed (%pe)\n",
			       hook->function, hook->module, ERR_PTR(err));
	}
}

static void module_goes(const struct module *module)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i].module && !strcmp(hooks[i].module, module->name))
			hook_remove(&hooks[i]);
	if (!strcmp(module->name, NF_TABLES))
		itrace_nft_forget_key();
}

/*
 * A module with a function to probe is coming (its code is there, none of it has run), is live (its symbols can be got) or
 * going (none of it will run any more). A probe does not survive its function, and does not come back by itself.
 */
static int module_changed(struct notifier_block *block, unsigned long state, void *data)
{
	const struct module *module = data;

	mutex_lock(&hooks_lock);
	if (!hooks_wanted)
		goto out;
	switch (state) {
	case MODULE_STATE_COMING:
		module_comes(module);
		break;
	case MODULE_STATE_LIVE:
		if (!strcmp(module->name, NF_TABLES))
			hold_key_locked();
		break;
	case MODULE_STATE_GOING:
		module_goes(module);
		break;
	}
out:
	mutex_unlock(&hooks_lock);
	return NOTIFY_OK;
}

static struct notifier_block module_notifier = {
	.notifier_call	= module_changed,
	/* Before the kernel's own, which at a module's end writes off the probes in it. */
	.priority	= 1,
};

int itrace_hooks_init(void)
{
	return register_module_notifier(&module_notifier);
}

void itrace_hooks_exit(void)
{
	unregister_module_notifier(&module_notifier);
}
