// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/nft_reader.h"

#include <fmt/core.h>
#include <utility>

#include "event/names.h"
#include "ruleset/nft_text.h"
#include "util/command.h"
#include "util/printable.h"

namespace ipt {

namespace {

// Rules that change while they are being read are read again, but not for ever.
constexpr int kTries = 8;
// Tables whose text is kept, of all namespaces; they come and go.
constexpr size_t kMostKnown = 256;
constexpr int kNotFound = 127; // by a shell

// Whether nft takes the name for one: others it would take for commands.
bool is_plain(const std::string &name)
{
	static constexpr const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.";
	return name.find_first_not_of(plain) == std::string::npos && name.find_first_of("/-0123456789") != 0;
}

} // namespace

// Empty: it cannot be told in the words of iptables.
std::optional<TableText> NftReader::saved(const NftTable &table)
{
	if (!is_iptables_table(table))
		return std::nullopt;
	const auto tool = tools_.find(table.family, BackEnd::nft);
	if (!tool)
		return std::nullopt;
	const auto output = run_command({ *tool, "-t", table.name });
	if (!output || output->status != 0)
		return std::nullopt;
	return text_of_save(output->out, table);
}

Result<TableText> NftReader::text_of(const NftTable &table)
{
	if (auto text = saved(table))
		return std::move(*text);
	if (!is_plain(table.name))
		return Error{ fmt::format("nft cannot be asked for a table called \"{}\"", printable(table.name)) };
	// Without counters, which are others each time, and without the elements of named sets, which may be many.
	const auto output = run_command(
		{ "nft", "-s", "-t", "-a", "list", "table", std::string(nft_family_name(table.family)), table.name });
	if (!output)
		return output.error();
	if (output->status == kNotFound)
		return Error{
			is_iptables_table(table) ?
				"neither iptables-nft-save nor nft can show them: install the package iptables, or "
				"nftables" :
				"nft is not installed (package nftables)"
		};
	if (output->status != 0)
		return Error{ fmt::format("nft: {}", first_line(output->err)) };
	return text_of_list(output->out, table);
}

Result<std::optional<NftReader::Listed>> NftReader::list(const TableKey &key)
{
	const auto before = nft_generation();
	if (!before)
		return before.error();
	auto table = nft_table(key.family, key.table);
	if (!table)
		return table.error();
	if (!*table)
		return Error{ "the table was deleted before it could be read" };
	const auto after = nft_generation();
	if (!after)
		return after.error();
	if (*after != *before)
		return std::optional<Listed>();
	return std::optional<Listed>({ std::move(**table), *before });
}

// What a rule says never changes, only which rules there are. So the text is that of all rules if the same were listed before
// and after it was read, and it is of every generation between these two.
Result<Snapshot> NftReader::read_here(const TableKey &key)
{
	if (known_.size() >= kMostKnown && !known_.contains(key))
		known_.clear();
	Known &known = known_[key];
	for (int i = 0; i < kTries; i++) {
		auto listed = list(key);
		if (!listed)
			return listed.error();
		if (!*listed)
			continue;
		const uint64_t generation = (*listed)->generation;
		if (known.table != (*listed)->table)
			known = { std::move((*listed)->table), generation, nullptr, {} };
		else if (known.text)
			return Snapshot{ known.text, generation, generation, known.since };
		else if (!known.failure.empty())
			return Error{ std::exchange(known.failure, {}) };
		auto text = text_of(known.table);
		if (text)
			known.text = std::make_shared<const TableText>(std::move(*text));
		else
			known.failure = text.error().message;
	}
	return Error{ "the rules are being replaced faster than they can be read" };
}

Result<Snapshot> NftReader::read(const TableKey &key)
{
	const auto netns = find_netns(key.netns);
	if (!netns)
		return netns.error();
	const auto inside = InNetns::enter(*netns);
	if (!inside)
		return inside.error();
	const uint64_t cookie = netns_cookie_here();
	if (key.netns_cookie && cookie && key.netns_cookie != cookie)
		return Error{ "the network namespace is gone" };
	return read_here(key);
}

void NftReader::read_all(const Netns &netns, RulesetStore &store)
{
	const auto inside = InNetns::enter(netns);
	const auto tables = inside && has_nf_tables() ? nft_tables() : std::vector<NftTable>();
	if (!tables)
		return;
	const uint64_t cookie = netns_cookie_here();
	for (const NftTable &table : *tables) {
		if (nft_family_name(table.family).empty())
			continue;
		const TableKey key{ netns.inode, table.family, table.name.substr(0, IPT_EVENT_NAME_LEN - 1), true,
				    cookie };
		if (auto snapshot = read_here(key))
			store.offer(key, std::move(*snapshot));
	}
}

} // namespace ipt
