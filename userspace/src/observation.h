// SPDX-License-Identifier: GPL-2.0-only
// Whether the matches of rules are observed, and what the user hears of it where they cannot be.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "kmod/session.h"
#include "netns/netns.h"

namespace ipt {

class Observation {
public:
	explicit Observation(const Session &session) : session_(session) {}

	// Has matches told to this program, up to so many a second on a CPU.
	void begin(int program, uint32_t budget);
	bool works() const { return works_; }

	// The rules that a table has now. As SaveReader wants it.
	std::optional<uint64_t> observe(const Netns &netns, uint8_t family, const std::string &table);

private:
	void complain(const std::string &why);

	const Session &session_;
	bool works_ = false;
	std::set<std::string> complaints_;
};

} // namespace ipt
