// SPDX-License-Identifier: GPL-2.0-only
// What each match of each rule cost, over a whole trace.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "pipeline/packet.h"
#include "pipeline/summary.h"

namespace ipt {

class Costs {
public:
	// most: how many are to be told of in the end; 0: nothing is counted.
	Costs(size_t most, NetnsNameOf netns_name) : most_(most), netns_name_(std::move(netns_name)) {}

	void add(const PacketTrace &trace);
	// By their sums.
	std::vector<Dear> dearest() const;

private:
	void add(const Traversal &walk);
	void add(const Traversal &walk, std::string_view chain, const Match &match);

	size_t most_;
	NetnsNameOf netns_name_;
	std::unordered_map<std::string, Dear> matches_; // by all that they are called
};

} // namespace ipt
