// SPDX-License-Identifier: GPL-2.0-only
// Reads rules with iptables-legacy-save, in the network namespace where they are.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "netns/netns.h"
#include "ruleset/store.h"

namespace ipt {

// The tables that exist, by their names. Reading the others would make them.
std::vector<std::string> tables_in(const Netns &netns, uint8_t family);

class SaveReader : public TextSource {
public:
	// The count of replacements of tables as the module has it now.
	using Count = std::function<uint64_t()>;

	explicit SaveReader(Count count) : count_(std::move(count)) {}

	Result<Snapshot> read(const TableKey &key) override;

	// All that there is in a namespace, so that rules which are replaced early in the session are known too.
	void read_all(const Netns &netns, RulesetStore &store);

private:
	struct Read {
		std::string output;
		uint64_t replacements;
	};

	Result<Read> run(const Netns &netns, uint8_t family, const std::string &table);
	Result<std::string> tool(uint8_t family);

	Count count_;
	std::map<uint8_t, std::string> tools_;
};

} // namespace ipt
