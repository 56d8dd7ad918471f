// SPDX-License-Identifier: GPL-2.0-only
// What each rule and each match of one cost, and tracing itself, over a whole trace.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pipeline/packet.h"
#include "pipeline/summary.h"

namespace ipt {

class Costs {
public:
	// most: how many are to be told of in the end; 0: none is counted.
	Costs(size_t most, NetnsNameOf netns_name) : most_(most), netns_name_(std::move(netns_name)) {}

	void add(const PacketTrace &trace);
	// By their sums.
	std::vector<Dear> dearest() const;
	std::vector<DearRule> dearest_rules() const;
	// Of tracing, in nanoseconds an event; nothing if no walk was timed.
	std::optional<uint64_t> own() const
	{
		return own_events_ ? std::optional(own_ns_ / own_events_) : std::nullopt;
	}

private:
	void add_own(const Traversal &walk);
	void add_rules(const Traversal &walk);
	void add_matches(const Traversal &walk);
	void add(const Traversal &walk, std::string_view chain, const Match &match);

	size_t most_;
	NetnsNameOf netns_name_;
	// By all that they are called.
	std::unordered_map<std::string, Dear> matches_;
	std::unordered_map<std::string, DearRule> rules_;
	uint64_t own_ns_ = 0;
	uint64_t own_events_ = 0;
};

} // namespace ipt
