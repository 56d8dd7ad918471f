// SPDX-License-Identifier: GPL-2.0-only
// Runs classic BPF on a packet as the kernel would, and remembers why it decided so.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "filter/filter.h"

namespace ipt {

enum class CodeEnd {
	returned,
	behind_packet, // read what the packet does not have, for which the kernel returns 0
	divided_by_zero, // likewise
	not_captured, // read what the packet had, and the capture does not
	needs_kernel, // asked for what only the kernel knows: an interface, a mark
};

// Registers before an instruction ran.
struct CodeStep {
	size_t at;
	uint32_t a;
	uint32_t x;
};

struct Judgement {
	CodeEnd end = CodeEnd::returned;
	uint32_t value = 0; // a rule matches if it is not 0
	CodeStep last{}; // the instruction that ended it
	std::optional<CodeStep> decision; // the last comparison
	std::vector<CodeStep> steps; // if they were asked for
};

// packet: from the IP header on. length: what it had on the wire. The code has passed verify().
Judgement interpret(const Filter &code, std::span<const uint8_t> packet, uint32_t length, bool keep_steps = false);

// Why it did not match, in one line: the instruction that decided, and its values.
std::string reason(const Filter &code, const Judgement &judgement);

} // namespace ipt
