// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "util/result.h"

namespace ipt {

enum class BackEnd { legacy, nft };

// Programs that print the rules of one of the two iptables; iptables-save may be of either.
class SaveTools {
public:
	Result<std::string> find(uint8_t family, BackEnd back_end);

private:
	std::map<std::pair<uint8_t, BackEnd>, std::string> known_;
};

// "iptables-save: ..." up to the end of the line.
std::string first_line(const std::string &text);

} // namespace ipt
