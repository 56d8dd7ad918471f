// SPDX-License-Identifier: GPL-2.0-only
/*
 * nft_trace_notify() is told of packet, verdict and rule by arguments, and the end of a rule blob says whose it is: since
 * 6.4, 46df417544f4 ("netfilter: nf_tables: do not store rule in traceinfo structure") and others of its series. Before,
 * all of it is in struct nft_traceinfo.
 *
 * expected no: too many arguments to function
 */
#include <net/netfilter/nf_tables.h>

const struct nft_chain *notify(const struct nft_pktinfo *pkt, const struct nft_verdict *verdict,
			       const struct nft_rule_dp *rule, struct nft_traceinfo *info);

const struct nft_chain *notify(const struct nft_pktinfo *pkt, const struct nft_verdict *verdict,
			       const struct nft_rule_dp *rule, struct nft_traceinfo *info)
{
	nft_trace_notify(pkt, verdict, rule, info);
	return ((const struct nft_rule_dp_last *)rule)->chain;
}
