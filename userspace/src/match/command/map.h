// SPDX-License-Identifier: GPL-2.0-only
// iptables-bpf map: what programs of rules keep in their maps.
#pragma once

#include <optional>
#include <string>

#include "match/command/console.h"

namespace ipt {

struct MapOptions {
	std::string owner; // the pin of a map or program, or a rule: [nft:]FAMILY:TABLE:CHAIN:NUMBER
	std::string action; // "list", "get", "set", "del"
	std::string key;
	std::string value;
	std::string map; // of a program that has several
};

// A rule by its place.
struct RulePlace {
	bool nft = false;
	std::string family;
	std::string table;
	std::string chain;
	uint32_t number = 0;
};
std::optional<RulePlace> parse_place(const std::string &word);

Outcome use_map(const MapOptions &options, Console &console);

} // namespace ipt
