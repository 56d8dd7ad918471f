// SPDX-License-Identifier: GPL-2.0-only
#include "cli/validators.h"

#include <charconv>
#include <fmt/core.h>
#include <string>

namespace ipt {

CLI::Validator whole_number(uint64_t least, uint64_t most)
{
	return { [least, most](const std::string &text) {
			uint64_t value = 0;
			const char *const last = text.data() + text.size();
			const auto [end, error] = std::from_chars(text.data(), last, value);
			const bool is_beyond = error == std::errc::result_out_of_range || value > most;
			if (end != last || error == std::errc::invalid_argument || (!is_beyond && value < least))
				return fmt::format("{}: not a whole number from {} on", text, least);
			if (is_beyond)
				return fmt::format("{}: more than {}", text, most);
			return std::string();
		},
		 "" };
}

CLI::Validator something()
{
	return { [](const std::string &text) { return text.empty() ? std::string("empty") : std::string(); }, "" };
}

} // namespace ipt
