// SPDX-License-Identifier: GPL-2.0-only
// The rules of a table as iptables-save prints them, or nft where it is a table of nft's own, by chain and number.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ruleset/conditions.h"
#include "ruleset/nft_conditions.h"

namespace ipt {

struct RuleText {
	std::string text; // "-A INPUT -p tcp -j ACCEPT", "tcp dport 22 accept", fit for a terminal
	std::string target; // what stands behind -j or -g; empty if the rule only counts, or is nft's
	bool is_goto = false;
	bool rejects = false; // it answers what it drops
	bool marks_unmet = false; // it may set a mark, and say no afterwards
	Conditions conditions; // of iptables' rules; of nft's own, their matches of x_tables alone, by name
	NftConditions nft; // of nft's own
	uint64_t handle = 0; // in nf_tables
	// In nf_tables: the places, among the matches, of those that the kernel tells of, as it numbers these.
	std::optional<std::vector<uint8_t>> asked_matches = {};

	// The match of which the kernel tells, as in conditions; nullptr: it is not known which one that is.
	const std::string *match(size_t index) const;
};

struct ChainText {
	std::string policy; // "-": a user's chain
	std::vector<RuleText> rules;
	uint64_t handle = 0; // in nf_tables
};

class TableText {
public:
	// nullptr: there is none.
	const ChainText *chain(std::string_view name) const;
	// By the name of its chain and its number, from 1. nullptr: there is none, which for one more than the last is the
	// end of the chain.
	const RuleText *rule(std::string_view name, uint32_t number) const;

	// In nf_tables: the number, in its chain, of the rule with this handle, and one more than the last for a chain's. 0: there
	// is none. When the chains are all there, index() is to be called first.
	uint32_t number_of_rule(uint64_t handle) const;
	uint32_t number_behind(uint64_t chain) const;
	// Likewise the name of the chain that has this handle, or that the rule is in. nullptr: there is none.
	const std::string *chain_of(uint64_t handle) const;
	void index();

	// Its rules stand there as nft prints them, and go by their handles.
	bool is_nft = false;
	std::map<std::string, ChainText, std::less<>> chains;

private:
	// Of a rule, or the end of a chain.
	struct Place {
		size_t chain; // in names_
		uint32_t number;
	};

	std::vector<std::string> names_; // of the chains
	std::unordered_map<uint64_t, Place> rules_;
	std::unordered_map<uint64_t, Place> ends_; // of chains
};

// A line of iptables-save: "-A INPUT ...".
RuleText parse_rule(std::string_view line);
// What nft prints of a rule.
RuleText parse_nft_rule(std::string_view text);
// Which matches of x_tables a rule of nft's own has, as the kernel says: it may be that nft prints them in its own words.
void name_xt_matches(RuleText &rule, const std::vector<std::string> &names);

// What iptables-save printed, by table.
std::map<std::string, TableText, std::less<>> parse_save(std::string_view output);

} // namespace ipt
