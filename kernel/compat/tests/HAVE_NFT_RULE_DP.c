// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets see rules in blobs, whose end is a rule that says so: since 5.17, 2c865a8a28a1 ("netfilter: nf_tables: add rule
 * blob layout"). Before, as lists of pointers.
 *
 * expected no: (invalid use of undefined|incomplete definition of) type .(const )?struct nft_rule_dp
 */
#include <net/netfilter/nf_tables.h>

struct nft_rule_dp;
bool is_end(const struct nft_rule_dp *rule);

bool is_end(const struct nft_rule_dp *rule)
{
	return rule->is_last;
}
