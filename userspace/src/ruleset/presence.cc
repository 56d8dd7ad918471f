// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/presence.h"

#include <algorithm>
#include <fmt/core.h>
#include <linux/netfilter.h>

#include "event/names.h"
#include "ruleset/nft_tables.h"
#include "ruleset/reader.h"

namespace ipt {

namespace {

size_t nft_tables_in(const Netns &netns, bool ipv4, bool ipv6)
{
	const auto inside = InNetns::enter(netns);
	const auto tables = inside ? nft_tables() : std::vector<NftTable>();
	if (!tables)
		return 0;
	return static_cast<size_t>(std::count_if(tables->begin(), tables->end(), [&](const NftTable &table) {
		const bool is_wanted = table.family == NFPROTO_IPV4 ? ipv4 : table.family == NFPROTO_IPV6 ? ipv6 : true;
		return is_wanted && !nft_family_name(table.family).empty() && has_base_chain(table);
	}));
}

std::string unseen(size_t tables)
{
	return fmt::format(
		"{} table{} of nf_tables (iptables-nft, nft) {} not seen: iptables_trace.ko is older than this tool, "
		"`modprobe -r iptables_trace` loads the one that is installed",
		tables, tables == 1 ? "" : "s", tables == 1 ? "is" : "are");
}

} // namespace

Presence look_for_rules(const std::vector<Netns> &places, bool ipv4, bool ipv6)
{
	Presence presence;
	const bool has_nft = has_nf_tables();
	for (const Netns &netns : places) {
		presence.legacy += ipv4 ? tables_in(netns, NFPROTO_IPV4).size() : 0;
		presence.legacy += ipv6 ? tables_in(netns, NFPROTO_IPV6).size() : 0;
		presence.nft += has_nft ? nft_tables_in(netns, ipv4, ipv6) : 0;
	}
	return presence;
}

std::string presence_error(const Presence &presence, bool sees_nft, bool everywhere)
{
	if (presence.legacy || (presence.nft && sees_nft))
		return {};
	if (presence.nft)
		return unseen(presence.nft);
	return fmt::format(
		"{} a table of iptables-legacy {} a base chain of nf_tables (iptables-nft, nft), so there is no "
		"rule to trace: load rules first, or choose another one with --netns",
		everywhere ? "no network namespace has" : "the network namespace has neither",
		everywhere ? "or" : "nor");
}

std::string presence_note(const Presence &presence, bool sees_nft)
{
	if (!presence.nft)
		return {};
	if (!sees_nft)
		return unseen(presence.nft);
	return presence.legacy ? "rules live both in iptables-legacy and in nf_tables (iptables-nft, nft)" :
				 "rules live in nf_tables (iptables-nft, nft), and none in iptables-legacy";
}

} // namespace ipt
