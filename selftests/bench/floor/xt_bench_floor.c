// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cheapest match there can be, under the name and shape of "bpf": what a rule with it costs is what x_tables itself
 * takes for a rule. For the benchmark alone; it never matches and is never installed.
 */
#include <linux/module.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_bpf.h>

static bool floor_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	return false;
}

static struct xt_match floor_mt_reg __read_mostly = {
	.name		= "bpf",
	.revision	= 1,
	.family		= NFPROTO_IPV4,
	.match		= floor_mt,
	.matchsize	= sizeof(struct xt_bpf_info_v1),
	.usersize	= offsetof(struct xt_bpf_info_v1, filter),
	.me		= THIS_MODULE,
};

static int __init floor_mt_init(void)
{
	return xt_register_match(&floor_mt_reg);
}

static void __exit floor_mt_exit(void)
{
	xt_unregister_match(&floor_mt_reg);
}

module_init(floor_mt_init);
module_exit(floor_mt_exit);

MODULE_DESCRIPTION("Xtables: a match that costs nothing, to measure by");
MODULE_LICENSE("GPL");
