// SPDX-License-Identifier: GPL-2.0-only
// The tables of iptables-legacy and ip6tables-legacy, by libiptc.
#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <fstream>
#include <libiptc/libiptc.h>
#include <memory>

// Unlike its sister it does not say so itself.
extern "C" {
#include <libiptc/libip6tc.h>
}

#include "match/tables/found.h"

namespace ipt {

namespace {

// What differs between the two families.
struct Ipv4 {
	using Entry = ipt_entry;
	static constexpr const char *family = "ip";
	static constexpr const char *names = "/proc/net/ip_tables_names";
	static constexpr auto init = iptc_init;
	static constexpr auto free = iptc_free;
	static constexpr auto first_chain = iptc_first_chain;
	static constexpr auto next_chain = iptc_next_chain;
	static constexpr auto first_rule = iptc_first_rule;
	static constexpr auto next_rule = iptc_next_rule;
};

struct Ipv6 {
	using Entry = ip6t_entry;
	static constexpr const char *family = "ip6";
	static constexpr const char *names = "/proc/net/ip6_tables_names";
	static constexpr auto init = ip6tc_init;
	static constexpr auto free = ip6tc_free;
	static constexpr auto first_chain = ip6tc_first_chain;
	static constexpr auto next_chain = ip6tc_next_chain;
	static constexpr auto first_rule = ip6tc_first_rule;
	static constexpr auto next_rule = ip6tc_next_rule;
};

// The matches stand between the entry and its target.
template <typename Entry>
void read_entry(const Entry &entry, const FoundRule &place, std::vector<FoundRule> &rules)
{
	const auto *bytes = reinterpret_cast<const char *>(&entry);
	for (size_t at = sizeof(Entry); at < entry.target_offset;) {
		const auto *match = reinterpret_cast<const xt_entry_match *>(bytes + at);
		const size_t size = match->u.match_size;
		if (size < sizeof(*match) || at + size > entry.target_offset)
			return;
		if (std::string_view(match->u.user.name) == "bpf") {
			FoundRule rule = place;
			read_blob(match->u.user.revision, match->data, size - sizeof(*match), rule);
			rules.push_back(std::move(rule));
		}
		at += size;
	}
}

template <typename Family>
Status read_table(const std::string &table, std::vector<FoundRule> &rules)
{
	const std::unique_ptr<xtc_handle, void (*)(xtc_handle *)> handle(Family::init(table.c_str()), Family::free);
	if (!handle)
		return Error{ fmt::format("cannot read the table {} of {}: {}", table, Family::family,
					  std::strerror(errno)),
			      errno };
	for (const char *chain = Family::first_chain(handle.get()); chain; chain = Family::next_chain(handle.get())) {
		FoundRule place;
		place.family = Family::family;
		place.table = table;
		place.chain = chain;
		for (auto *entry = Family::first_rule(chain, handle.get()); entry;
		     entry = Family::next_rule(entry, handle.get())) {
			place.number++;
			read_entry(*entry, place, rules);
		}
	}
	return {};
}

// Tables that nobody has used are not there, and are not made by looking.
template <typename Family>
Status read_family(std::vector<FoundRule> &rules)
{
	std::ifstream names(Family::names);
	for (std::string table; std::getline(names, table);) {
		if (auto status = read_table<Family>(table, rules); !status)
			return status;
	}
	return {};
}

} // namespace

Result<std::vector<FoundRule>> legacy_rules()
{
	std::vector<FoundRule> rules;
	if (auto status = read_family<Ipv4>(rules); !status)
		return status.error();
	if (auto status = read_family<Ipv6>(rules); !status)
		return status.error();
	return rules;
}

} // namespace ipt
