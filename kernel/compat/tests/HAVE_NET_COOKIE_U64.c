// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network namespace has its cookie from birth, as a plain number: since 5.12, 3d368ab87cf6 ("net: initialize
 * net->net_cookie at netns setup"). Before, an atomic that stays 0 until somebody asks for it.
 *
 * expected no: incompatible (types when returning|result type)|used where arithmetic|aggregate value used
 */
#include <net/net_namespace.h>

u64 cookie(const struct net *net);

u64 cookie(const struct net *net)
{
	return net->net_cookie;
}
