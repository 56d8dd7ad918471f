// SPDX-License-Identifier: GPL-2.0-only
// Structs of maps whose name says how people write what they hold, whatever their members are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ipt {

struct NamedForm {
	std::string_view name; // of the struct
	const char *form; // what it wants, for messages
	bool (*parse)(const std::string &text, std::span<uint8_t> bytes);
	// Nothing: the bytes are not of this form.
	std::optional<std::string> (*text)(std::span<const uint8_t> bytes);
};

// Null: a struct like any other.
const NamedForm *named_form(std::string_view name);

} // namespace ipt
