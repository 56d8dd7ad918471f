// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct nft_pktinfo has the hook's state itself: since 5.14, 897389de4828 ("netfilter: nf_tables: remove
 * xt_action_param from nft_pktinfo"). Before, in its xt_action_param.
 *
 * expected no: no member named .state
 */
#include <net/netfilter/nf_tables.h>

const struct nf_hook_state *state_of(const struct nft_pktinfo *pkt);

const struct nf_hook_state *state_of(const struct nft_pktinfo *pkt)
{
	return pkt->state;
}
