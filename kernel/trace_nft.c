// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is different where the table is a base chain of nf_tables: how the kernel is made to tell of its rules and kept from
 * telling others, who a chain is, and which generation of rules there is.
 *
 * nf_tables is neither loaded nor held by this. It looks at marks only while its trace key, nft_trace_enabled, is on, as it
 * is while any ruleset has a rule with meta nftrace; so it is turned on for as long as probes are set. The key is
 * nf_tables' own memory and not held either: what goes with the module needs not be turned off.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "trace.h"
#include "trace_nft.h"
#include "compat/nft_generation.h"

/* While it is on for our sake. Changed under the lock of the hooks. */
static struct static_key_false *trace_key;

/* The probe of meta nftrace is set when somebody's rule needs it: everybody's packets pay for that. */
static void complete_hooks(struct work_struct *work)
{
	itrace_hooks_complete();
}

static DECLARE_WORK(hooks_wanting, complete_hooks);

/*
 * When itrace_nft_prepare() is in place, and when nf_tables has been loaded since. If nobody else has turned the key on, that
 * it is ours is known before it is on: nobody is told of a packet for our sake while code is patched.
 */
void itrace_nft_hold_key(void)
{
	struct static_key_false *key;

	if (trace_key)
		return;
	key = symbol_get(nft_trace_enabled);
	if (!key)
		return;
	if (!static_key_count(&key->key))
		WRITE_ONCE(trace_key, key);
	static_branch_inc(key);
	WRITE_ONCE(trace_key, key);
	/* The module may go from here on: then itrace_nft_forget_key() is next, and not before. */
	symbol_put(nft_trace_enabled);
}

/* All walks are over, and itrace_nft_prepare() is still in place. The reverse order, likewise. */
void itrace_nft_release_key(void)
{
	struct static_key_false *key = trace_key;

	if (!key)
		return;
	if (itrace_nft_users_trace())
		WRITE_ONCE(trace_key, NULL);
	static_branch_dec(key);
	WRITE_ONCE(trace_key, NULL);
}

/* nf_tables goes: no packet is in it. */
void itrace_nft_forget_key(void)
{
	WRITE_ONCE(trace_key, NULL);
	compat_nft_forget();
}

/* Whether there are rules with meta nftrace anywhere: each holds the key as we do. */
bool itrace_nft_users_trace(void)
{
	struct static_key_false *key = READ_ONCE(trace_key);

	return key && static_key_count(&key->key) > 1;
}

static bool only_we_trace(void)
{
	struct static_key_false *key = READ_ONCE(trace_key);

	smp_rmb(); /* Which rules the packet meets is found out; they were counted before that. */
	/* None: it is being turned off. */
	return key && static_key_count(&key->key) <= 1;
}

/* Nothing is left to be done about hooks. They are removed. */
void itrace_nft_settle(void)
{
	cancel_work_sync(&hooks_wanting);
	compat_nft_forget();
}

/*
 * Whether nf_tables tells us of the rules of marked packets, and the user's marks can be told from ours. A rule that makes
 * some is counted before it is there for packets.
 */
bool itrace_nft_can_mark(void)
{
	if (!READ_ONCE(trace_key) || !itrace_hook_in_place(IPTABLES_TRACE_HOOK_NFT_RULE))
		return false;
	if (likely(!itrace_nft_users_trace()) ||
	    itrace_hook_in_place(IPTABLES_TRACE_HOOK_NFT_USER_TRACE))
		return true;
	schedule_work(&hooks_wanting);
	return false;
}

/*
 * Before a chain the kernel gets ready to report its rules, whether or not the packet is marked. It takes a hash of the
 * packet for that, which may cost more than all the rules; so it is left out for packets that are not ours while nobody else
 * wants to hear of any. Then nothing is reported of this chain, as without our key.
 */
int itrace_nft_prepare(struct kprobe *probe, struct pt_regs *regs)
{
	const struct nft_pktinfo *pkt = itrace_init_pkt_arg(regs);
	u64 arrived = itrace_cost_now();

	if (!only_we_trace() || itrace_walk_of_pkt(pkt)) {
		if (itrace_cost_measured())
			itrace_cost_aside(arrived);
		return 0;
	}
	compat_nft_untraced(itrace_init_info_arg(regs), pkt);
	return itrace_hook_skip(regs);
}

NOKPROBE_SYMBOL(itrace_nft_prepare);

/*
 * meta ... set. If it is nftrace, from here on the mark is the user's, or not any more. It stays on the packet as long as
 * it is ours.
 */
int itrace_nft_set_mark(struct kprobe *probe, struct pt_regs *regs)
{
	const struct nft_meta *meta = nft_expr_priv(itrace_eval_expr_arg(regs));
	struct itrace_walk *walk;

	if (likely(meta->key != NFT_META_NFTRACE))
		return 0;
	walk = itrace_walk_of_pkt(itrace_eval_pkt_arg(regs));
	if (!walk)
		return 0;
	walk->users = nft_reg_load8(&itrace_eval_regs_arg(regs)->data[meta->sreg]);
	return walk->marked ? itrace_hook_skip(regs) : 0;
}

NOKPROBE_SYMBOL(itrace_nft_set_mark);

/*
 * For the handler of a report, to return: nobody is sent what only we have asked for, be it that the mark is ours, or that
 * nothing would be reported of marks if we did not hold the key.
 */
int itrace_nft_silence(const struct itrace_walk *walk, struct pt_regs *regs)
{
	return (walk->marked && !walk->users) || only_we_trace() ? itrace_hook_skip(regs) : 0;
}

/*
 * A frame at a bridge: of IP, if its header is where filters look for it, as far as it is needed here, or 0. Otherwise it is
 * not traced: it must not be changed for that.
 */
u8 itrace_nft_family_at_bridge(const struct sk_buff *skb)
{
	const struct iphdr *ip = (const struct iphdr *)skb->data;

	if (skb_network_offset(skb))
		return 0;
	if (skb->protocol == htons(ETH_P_IP) && skb_headlen(skb) >= sizeof(*ip) &&
	    ip->version == 4 && ip->ihl >= 5 && skb_headlen(skb) >= ip->ihl * 4)
		return NFPROTO_IPV4;
	if (skb->protocol == htons(ETH_P_IPV6) && skb_headlen(skb) >= sizeof(struct ipv6hdr) &&
	    ip->version == 6)
		return NFPROTO_IPV6;
	return 0;
}

int itrace_nft_priority(const struct nft_chain *chain)
{
	return nft_base_chain(chain)->ops.priority;
}

bool itrace_nft_is_nat(const struct nft_chain *chain)
{
	return nft_base_chain(chain)->type->type == NFT_CHAIN_T_NAT;
}

const char *itrace_nft_table_name(const struct nft_chain *chain)
{
	return chain->table->name;
}

/*
 * The number of the generation, or 0 while a transaction is open. Towards its end the number moves first and then which of
 * the two sets of rules packets see; who sees neither an open one nor another number at both ends of a walk has seen rules
 * of that number in between.
 */
u64 itrace_nft_generation(const struct nft_chain *chain, const struct net *net)
{
	struct nftables_pernet *area = compat_nft_area(net, chain->table);
	unsigned int number;

	if (!area || mutex_is_locked(&area->commit_mutex))
		return 0;
	smp_rmb(); /* The number moves under the mutex. */
	number = compat_nft_base_seq(net, area);
	smp_rmb(); /* Likewise. */
	return mutex_is_locked(&area->commit_mutex) ? 0 : number;
}

static bool copy_name(char *to, size_t size, const char *name)
{
	return strscpy(to, name, size) < 0;
}

/* For an event of this chain. */
void itrace_nft_name_chain(struct itrace_walk *walk, const struct nft_chain *chain)
{
	if (chain->name == walk->named)
		return;
	walk->named = chain->name;
	walk->flags &= ~IPTABLES_TRACE_F_CHAIN_CUT;
	if (copy_name(walk->chain_name, sizeof(walk->chain_name), chain->name))
		walk->flags |= IPTABLES_TRACE_F_CHAIN_CUT;
}

/* What does not change during the walk. */
void itrace_nft_describe(struct itrace_walk *walk)
{
	const struct nft_table *table = walk->at.chain->table;
	struct iptables_trace_ctx *ctx = walk->ctx;

	ctx->nft_family = table->family;
	if (copy_name(ctx->table, sizeof(ctx->table), table->name))
		walk->flags |= IPTABLES_TRACE_F_TABLE_CUT;
	walk->chain = walk->at.chain;
}

/* False: of the end of a base chain, after which its policy is reported. */
bool itrace_nft_report_of(struct itrace_walk *walk, struct itrace_nft_report *report,
			  struct pt_regs *regs)
{
	const struct nft_verdict *verdict = itrace_notify_verdict_arg(regs);
	const struct nft_traceinfo *info = itrace_notify_info_arg(regs);
	bool end;

	report->chain = compat_nft_chain_of(info, itrace_notify_rule_arg(regs), walk->chain);
	report->handle = report->chain->handle;
	report->verdict = verdict->code;
	report->gone = (verdict->code & NF_VERDICT_MASK) == NF_STOLEN;
	walk->chain = report->chain;
	end = compat_nft_is_end(info, verdict, itrace_notify_rule_arg(regs));
	if (unlikely(walk->observers) && info->type != NFT_TRACETYPE_POLICY)
		itrace_nft_observe_course(walk, report->chain, verdict->code, end, verdict->chain);

	if (info->type == NFT_TRACETYPE_POLICY) {
		report->type = IPTABLES_TRACE_TYPE_POLICY;
		report->verdict = info->basechain->policy;
		return true;
	}
	if (end) {
		report->type = IPTABLES_TRACE_TYPE_RETURN;
		return report->chain != walk->at.chain;
	}
	report->type = IPTABLES_TRACE_TYPE_RULE;
	report->handle = itrace_notify_rule_arg(regs)->handle;
	if (verdict->code == NFT_JUMP || verdict->code == NFT_GOTO)
		walk->chain = verdict->chain;
	return true;
}
