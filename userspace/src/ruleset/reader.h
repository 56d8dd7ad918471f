// SPDX-License-Identifier: GPL-2.0-only
// Reads rules with iptables-legacy-save, in the network namespace where they are, and has what they say of packets observed
// from then on.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "netns/netns.h"
#include "ruleset/save_tool.h"
#include "ruleset/store.h"

namespace ipt {

// Whether the kernel has tables of iptables-legacy by now, of IPv4 or IPv6.
bool has_ip_tables();

// The tables that exist, by their names. Reading the others would make them.
std::vector<std::string> tables_in(const Netns &netns, uint8_t family);

class SaveReader : public TextSource {
public:
	// The count of replacements of tables as the module has it now.
	using Count = std::function<uint64_t()>;

	// Has the rules that a table has now observed, and returns their identity; 0: they are not observed; nothing: they are
	// being replaced right now.
	using Observe =
		std::function<std::optional<uint64_t>(const Netns &netns, uint8_t family, const std::string &table)>;

	// observe: may be empty.
	SaveReader(Count count, Observe observe) : count_(std::move(count)), observe_(std::move(observe)) {}

	Result<Snapshot> read(const TableKey &key) override;
	void renew(const TableKey &key) override;

	// All that there is in a namespace, unread.
	void observe_all(const Netns &netns);

	// All that there is in a namespace, so that rules which are replaced early in the session are known too.
	void read_all(const Netns &netns, RulesetStore &store);

private:
	struct Read {
		std::string output;
		uint64_t replacements;
		std::map<std::string, uint64_t> rulesets; // of tables that are observed
	};

	Result<Read> run(const Netns &netns, uint8_t family, const std::vector<std::string> &tables);
	bool observe(const Netns &netns, uint8_t family, const std::vector<std::string> &tables, Read &read);

	Count count_;
	Observe observe_;
	SaveTools tools_;
};

} // namespace ipt
