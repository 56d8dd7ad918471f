// SPDX-License-Identifier: GPL-2.0-only
// A JSON object that is expected to have certain fields. What is missing, of another kind or too large is thrown as
// BadRecord, which JsonReader turns into an error; nothing that is read can speak to a terminal.
#pragma once

#include <concepts>
#include <cstdint>
#include <fmt/core.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "util/printable.h"

namespace ipt {

struct BadRecord : std::runtime_error {
	using std::runtime_error::runtime_error;
};

class JsonObject {
public:
	explicit JsonObject(const nlohmann::json &json) : json_(json)
	{
		if (!json.is_object())
			throw BadRecord("not a JSON object");
	}

	bool has(const char *key) const { return json_.contains(key); }

	const nlohmann::json &at(const char *key) const
	{
		const auto found = json_.find(key);
		if (found == json_.end())
			throw BadRecord(fmt::format("\"{}\" is missing", key));
		return *found;
	}

	JsonObject object(const char *key) const { return JsonObject(at(key)); }

	const nlohmann::json &list(const char *key) const
	{
		const auto &value = at(key);
		if (!value.is_array())
			throw BadRecord(fmt::format("\"{}\" is not a list", key));
		return value;
	}

	std::string text(const char *key) const
	{
		const auto &value = at(key);
		if (!value.is_string())
			throw BadRecord(fmt::format("\"{}\" is not a string", key));
		return printable(value.get_ref<const std::string &>());
	}

	bool boolean(const char *key) const
	{
		const auto &value = at(key);
		if (!value.is_boolean())
			throw BadRecord(fmt::format("\"{}\" is neither true nor false", key));
		return value.get<bool>();
	}

	template <std::integral T>
	T number(const char *key) const
	{
		const auto &value = at(key);
		const bool fits = value.is_number_unsigned() ? std::in_range<T>(value.get<uint64_t>()) :
				  value.is_number_integer()  ? std::in_range<T>(value.get<int64_t>()) :
							       false;
		if (!fits)
			throw BadRecord(fmt::format("\"{}\" is not a number that fits", key));
		return value.is_number_unsigned() ? static_cast<T>(value.get<uint64_t>()) :
						    static_cast<T>(value.get<int64_t>());
	}

	template <std::integral T>
	T number_or(const char *key, T otherwise) const
	{
		return has(key) ? number<T>(key) : otherwise;
	}

	std::string text_or(const char *key, const char *otherwise) const
	{
		return has(key) ? text(key) : std::string(otherwise);
	}

	bool is(const char *key) const { return has(key) && boolean(key); }

private:
	const nlohmann::json &json_;
};

} // namespace ipt
