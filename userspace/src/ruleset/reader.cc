// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/reader.h"

#include <fmt/core.h>
#include <fstream>
#include <linux/netfilter.h>
#include <unistd.h>

#include "util/command.h"
#include "util/kernel_symbols.h"

namespace ipt {

namespace {

// Rules that are replaced while they are being read are read again, but not for ever.
constexpr int kTries = 4;

} // namespace

bool has_ip_tables()
{
	// Where it is built in it is no module.
	return access("/sys/module/ip_tables", F_OK) == 0 || access("/sys/module/ip6_tables", F_OK) == 0 ||
	       kernel_has("ipt_do_table").value_or(false) || kernel_has("ip6t_do_table").value_or(false);
}

std::vector<std::string> tables_in(const Netns &netns, uint8_t family)
{
	std::vector<std::string> tables;
	const auto inside = InNetns::enter(netns);
	if (!inside)
		return tables;
	std::ifstream file(family == NFPROTO_IPV6 ? "/proc/thread-self/net/ip6_tables_names" :
						    "/proc/thread-self/net/ip_tables_names");
	for (std::string name; std::getline(file, name);)
		tables.push_back(name);
	return tables;
}

// False: some of them are being replaced.
bool SaveReader::observe(const Netns &netns, uint8_t family, const std::vector<std::string> &tables, Read &read)
{
	bool all = true;
	read.rulesets.clear();
	for (const std::string &table : tables) {
		const auto ruleset = observe_ ? observe_(netns, family, table) : 0;
		all &= ruleset.has_value();
		if (ruleset && *ruleset)
			read.rulesets[table] = *ruleset;
	}
	return all;
}

// These tables; one alone if it is one, for others may be large.
Result<SaveReader::Read> SaveReader::run(const Netns &netns, uint8_t family, const std::vector<std::string> &tables)
{
	const auto program = tools_.find(family, BackEnd::legacy);
	if (!program)
		return program.error();
	std::vector<std::string> words{ *program };
	if (tables.size() == 1)
		words.insert(words.end(), { "-t", tables[0] });

	const auto inside = InNetns::enter(netns);
	if (!inside)
		return inside.error();
	for (int i = 0; i < kTries; i++) {
		Read read{ {}, count_(), {} };
		const bool observed = observe(netns, family, tables, read);
		auto output = run_command(words);
		if (!output)
			return output.error();
		if (output->status != 0)
			return Error{ fmt::format("{}: {}", *program, first_line(output->err)) };
		if (observed && count_() == read.replacements) {
			read.output = std::move(output->out);
			return read;
		}
	}
	return Error{ "the rules are being replaced faster than they can be read" };
}

Result<Snapshot> SaveReader::read(const TableKey &key)
{
	const auto netns = find_netns(key.netns);
	if (!netns)
		return netns.error();
	auto read = run(*netns, key.family, { key.table });
	if (!read)
		return read.error();
	auto tables = parse_save(read->output);
	const auto found = tables.find(key.table);
	if (found == tables.end())
		return Error{ fmt::format("iptables-save does not show the table {}", key.table) };
	return Snapshot{ std::make_shared<const TableText>(std::move(found->second)), read->replacements,
			 read->rulesets[key.table] };
}

void SaveReader::renew(const TableKey &key)
{
	if (!observe_)
		return;
	if (const auto netns = find_netns(key.netns))
		observe_(*netns, key.family, key.table);
}

void SaveReader::observe_all(const Netns &netns)
{
	for (const uint8_t family : { NFPROTO_IPV4, NFPROTO_IPV6 }) {
		Read read;
		observe(netns, family, tables_in(netns, family), read);
	}
}

void SaveReader::read_all(const Netns &netns, RulesetStore &store)
{
	for (const uint8_t family : { NFPROTO_IPV4, NFPROTO_IPV6 }) {
		const std::vector<std::string> tables = tables_in(netns, family);
		if (tables.empty())
			continue;
		auto read = run(netns, family, tables);
		if (!read)
			continue;
		for (auto &[name, text] : parse_save(read->output))
			store.offer({ netns.inode, family, name }, { std::make_shared<const TableText>(std::move(text)),
								     read->replacements, read->rulesets[name] });
	}
}

} // namespace ipt
