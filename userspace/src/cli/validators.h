// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <CLI/Error.hpp>
// Needs the one above.
#include <CLI/Validators.hpp>
#include <cstdint>
#include <limits>

namespace ipt {

// For an option that takes a whole, decimal number within these bounds. CLI11's own ranges are told as floating point, and what
// does not fit the option's type is told as a failed conversion.
CLI::Validator whole_number(uint64_t least, uint64_t most);

// The same for what is kept as a Number.
template <typename Number>
CLI::Validator whole_number_from(Number least)
{
	return whole_number(least, std::numeric_limits<Number>::max());
}

// For text: an empty one is that of a script's variable that was never set, and asks for nothing.
CLI::Validator something();

} // namespace ipt
