// SPDX-License-Identifier: GPL-2.0-only
// The rules with the match bpf that the network namespace has, as the kernel holds them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filter/filter.h"

namespace ipt {

enum class BlobKind { bytecode, pinned, descriptor, expression, object, unknown };

// What one match of a rule says.
struct FoundRule {
	bool nft = false;
	std::string family; // "ip", "ip6", "inet", "bridge"
	std::string table;
	std::string chain;
	uint32_t number = 0; // in its chain, from 1

	uint8_t revision = 0;
	BlobKind kind = BlobKind::unknown;
	bool inverted = false;
	bool stored = false; // the kernel has code and text, under the handle
	uint64_t handle = 0; // of revision 2
	std::string text; // path, expression, or object, a zero and a program
	Filter code;
};

// Fills what the bytes of a match say. What is too short for its revision stays unknown.
void read_blob(uint8_t revision, const void *bytes, size_t size, FoundRule &rule);

// Of all tables that exist. The error names what could not be read.
Result<std::vector<FoundRule>> legacy_rules();
Result<std::vector<FoundRule>> nft_rules();

} // namespace ipt
