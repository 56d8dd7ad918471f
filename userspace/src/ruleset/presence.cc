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

bool is_wanted(uint8_t family, const Families &wanted)
{
	switch (family) {
	case NFPROTO_IPV4:
		return wanted.ipv4;
	case NFPROTO_IPV6:
		return wanted.ipv6;
	case NFPROTO_ARP:
		return wanted.arp;
	}
	return !nft_family_name(family).empty();
}

void add_nft_tables(Presence &presence, const Netns &netns, const Families &wanted)
{
	const auto inside = InNetns::enter(netns);
	const auto tables = inside ? nft_tables() : std::vector<NftTable>();
	if (!tables)
		return;
	for (const NftTable &table : *tables) {
		if (is_wanted(table.family, wanted) && has_base_chain(table))
			(table.family == NFPROTO_ARP ? presence.arp : presence.nft)++;
	}
}

// Those that the module cannot see.
size_t unseen_tables(const Presence &presence, const Sight &sight)
{
	return (sight.nft ? 0 : presence.nft) + (sight.nft && sight.arp ? 0 : presence.arp);
}

std::string unseen(size_t tables)
{
	return fmt::format(
		"{} table{} of nf_tables (iptables-nft, nft) {} not seen: iptables_trace.ko is older than this tool, "
		"`modprobe -r iptables_trace` loads the one that is installed",
		tables, tables == 1 ? "" : "s", tables == 1 ? "is" : "are");
}

} // namespace

Presence look_for_rules(const std::vector<Netns> &places, const Families &wanted)
{
	Presence presence;
	const bool has_nft = has_nf_tables();
	presence.back_end = has_nft || has_ip_tables();
	for (const Netns &netns : places) {
		presence.legacy += wanted.ipv4 ? tables_in(netns, NFPROTO_IPV4).size() : 0;
		presence.legacy += wanted.ipv6 ? tables_in(netns, NFPROTO_IPV6).size() : 0;
		if (has_nft)
			add_nft_tables(presence, netns, wanted);
	}
	return presence;
}

std::string presence_error(const Presence &presence, const Sight &sight, bool everywhere)
{
	const size_t missed = unseen_tables(presence, sight);
	if (presence.legacy || presence.nft + presence.arp > missed)
		return {};
	if (missed)
		return unseen(missed);
	if (everywhere && presence.back_end)
		return {};
	return fmt::format(
		"{} a table of iptables-legacy {} a base chain of nf_tables (iptables-nft, nft), so there is no "
		"rule to trace: load rules first, or choose another one with --netns",
		everywhere ? "no network namespace has" : "the network namespace has neither",
		everywhere ? "or" : "nor");
}

std::string presence_note(const Presence &presence, const Sight &sight)
{
	if (!presence.legacy && !presence.nft && !presence.arp)
		return "neither this network namespace nor one that `ip netns list` shows has rules to trace; others may";
	if (!presence.nft && !presence.arp)
		return {};
	if (const size_t missed = unseen_tables(presence, sight))
		return unseen(missed);
	return presence.legacy ? "rules live both in iptables-legacy and in nf_tables (iptables-nft, nft)" :
				 "rules live in nf_tables (iptables-nft, nft), and none in iptables-legacy";
}

} // namespace ipt
