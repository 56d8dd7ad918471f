// SPDX-License-Identifier: GPL-2.0-only
// The tables, chains and rules of nf_tables by their names and handles, as the kernel lists them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/result.h"

namespace ipt {

struct NftRule {
	uint64_t handle = 0;
	std::vector<std::string> matches; // names of those of x_tables, in order
	bool has_set = false; // it looks something up, in a set or a map

	bool operator==(const NftRule &) const = default;
};

struct NftChain {
	std::string name;
	uint64_t handle = 0;
	std::optional<uint32_t> hook; // of a base chain
	std::string policy; // of a base chain, as nft has it: "accept"
	std::vector<NftRule> rules; // in order

	bool operator==(const NftChain &) const = default;
};

// No two chains, and no two rules, of one table have ever had the same handle, and no two tables of a network namespace.
// What does not change but by getting another handle needs not be read again.
struct NftTable {
	uint8_t family = 0; // NFPROTO_INET ...
	std::string name;
	uint64_t handle = 0;
	std::vector<NftChain> chains;

	bool operator==(const NftTable &) const = default;
};

// Whether the kernel has nf_tables by now; to ask it anything loads it.
bool has_nf_tables();

// All of the following are about the network namespace that the process is in.

// The number of the ruleset's generation: each change makes another.
Result<uint32_t> nft_generation();

// All tables, without what is in them.
Result<std::vector<NftTable>> nft_tables();

// A table with its chains and rules; nothing if there is none. Names of 31 characters also stand for longer ones.
Result<std::optional<NftTable>> nft_table(uint8_t family, const std::string &name);

// Whether packets come into the table by a base chain. Of its chains, not of its rules.
bool has_base_chain(const NftTable &table);

} // namespace ipt
