// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdio>
#include <string_view>

namespace ipt {

// Writes to standard error. That nobody reads there any more, or its terminal is gone, is no reason to end.
inline void tell(std::string_view text)
{
	std::fwrite(text.data(), 1, text.size(), stderr);
}

} // namespace ipt
