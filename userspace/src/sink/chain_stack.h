// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace ipt {

// The chains that a walk is in, from the built-in one on.
class ChainStack {
public:
	explicit ChainStack(std::string builtin) { chains_.push_back(std::move(builtin)); }

	// A chain that is on the way already was returned to; another one was jumped into.
	void go_to(std::string chain)
	{
		const auto known = std::find(chains_.begin(), chains_.end(), chain);
		if (known != chains_.end())
			chains_.erase(known + 1, chains_.end());
		else
			chains_.push_back(std::move(chain));
	}

	const std::vector<std::string> &chains() const { return chains_; }

private:
	std::vector<std::string> chains_;
};

} // namespace ipt
