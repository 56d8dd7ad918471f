// SPDX-License-Identifier: GPL-2.0-only
// The rules of a table as iptables-save prints them, by chain and number.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ruleset/conditions.h"

namespace ipt {

struct RuleText {
	std::string text; // "-A INPUT -p tcp -j ACCEPT", fit for a terminal
	std::string target; // what stands behind -j or -g; empty if the rule only counts
	bool is_goto = false;
	Conditions conditions;
};

struct ChainText {
	std::string policy; // "-": a user's chain
	std::vector<RuleText> rules;
};

class TableText {
public:
	// nullptr: there is none.
	const ChainText *chain(std::string_view name) const;
	// By the name of its chain and its number, from 1. nullptr: there is none, which for one more than the last is the
	// end of the chain.
	const RuleText *rule(std::string_view name, uint32_t number) const;

	std::map<std::string, ChainText, std::less<>> chains;
};

// A line of iptables-save: "-A INPUT ...".
RuleText parse_rule(std::string_view line);

// What iptables-save printed, by table.
std::map<std::string, TableText, std::less<>> parse_save(std::string_view output);

} // namespace ipt
