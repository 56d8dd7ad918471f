// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/nft_values.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <string>

#include "ruleset/conditions.h"
#include "util/printable.h"

namespace ipt {

namespace {

using Kind = NftField::Kind;

// "a-b", where a word may have a - in it: split is tried at each.
template <typename Holds>
std::optional<bool> holds_range(std::string_view text, Holds holds)
{
	for (size_t dash = text.find('-'); dash != std::string_view::npos; dash = text.find('-', dash + 1)) {
		if (const auto held = holds(text.substr(0, dash), text.substr(dash + 1)))
			return held;
	}
	return std::nullopt;
}

std::optional<bool> is_address_in(const NftField &field, std::string_view value)
{
	const int family = field.is_ipv6 ? AF_INET6 : AF_INET;
	const size_t size = field.is_ipv6 ? 16 : 4;
	if ((value.find(':') != std::string_view::npos) != field.is_ipv6)
		return std::nullopt;
	if (const auto network = parse_network(value)) {
		for (size_t i = 0; i < size; i++) {
			if ((field.address[i] & network->mask[i]) != network->address[i])
				return false;
		}
		return true;
	}
	return holds_range(value, [&](std::string_view from, std::string_view to) -> std::optional<bool> {
		std::array<uint8_t, 16> first{}, last{};
		if (inet_pton(family, std::string(from).c_str(), first.data()) != 1 ||
		    inet_pton(family, std::string(to).c_str(), last.data()) != 1)
			return std::nullopt;
		return std::memcmp(field.address.data(), first.data(), size) >= 0 &&
		       std::memcmp(field.address.data(), last.data(), size) <= 0;
	});
}

// Names of devices come in this form from the kernel, see event/decode.
std::optional<bool> is_device(const NftField &field, std::string_view value, bool quoted)
{
	if (value.empty())
		return std::nullopt;
	if (const auto index = quoted ? std::nullopt : plain_number(value))
		return *index == field.number;
	const bool any_rest = value.ends_with('*') && !value.ends_with("\\*");
	value.remove_suffix(any_rest ? 1 : 0);
	std::string name(value);
	if (name.ends_with("\\*"))
		name.erase(name.size() - 2, 1);
	name = printable(name);
	return any_rest ? field.number && field.text.starts_with(name) : field.number && field.text == name;
}

// "syn,ack": all of them.
std::optional<uint32_t> bits_of(const NftField &field, std::string_view names)
{
	uint32_t bits = 0;
	while (!names.empty()) {
		const std::string_view name = names.substr(0, names.find(','));
		const auto bit = field.read(name);
		if (!bit)
			return std::nullopt;
		bits |= *bit;
		names.remove_prefix(std::min(name.size() + 1, names.size()));
	}
	return bits;
}

bool is_known_whole(const NftField &field)
{
	return field.kind == Kind::number && field.known_bits == UINT32_MAX;
}

} // namespace

std::optional<uint32_t> plain_number(std::string_view word)
{
	uint32_t value = 0;
	const bool hex = word.starts_with("0x");
	word.remove_prefix(hex ? 2 : 0);
	const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, hex ? 16 : 10);
	if (error != std::errc() || end != word.data() + word.size())
		return std::nullopt;
	return value;
}

std::optional<bool> is_in(const NftField &field, const NftCondition::Value &wanted)
{
	const std::string_view value = wanted.text;
	if (field.kind == Kind::address)
		return is_address_in(field, value);
	if (field.kind == Kind::device)
		return is_device(field, value, wanted.quoted);
	if (value.empty() || !is_known_whole(field))
		return std::nullopt;
	if (const auto bits = field.of_bits ? bits_of(field, value) : field.read(value))
		return field.number == *bits;
	if (field.of_bits)
		return std::nullopt;
	return holds_range(value, [&field](std::string_view from, std::string_view to) -> std::optional<bool> {
		const auto first = field.read(from), last = field.read(to);
		if (!first || !last)
			return std::nullopt;
		return *first <= field.number && field.number <= *last;
	});
}

std::optional<bool> is_below(const NftField &field, std::string_view value)
{
	const auto wanted = is_known_whole(field) ? field.read(value) : std::nullopt;
	return wanted ? std::optional(field.number < *wanted) : std::nullopt;
}

std::optional<bool> is_above(const NftField &field, std::string_view value)
{
	const auto wanted = is_known_whole(field) ? field.read(value) : std::nullopt;
	return wanted ? std::optional(field.number > *wanted) : std::nullopt;
}

std::optional<bool> has_any_bit(const NftField &field, std::string_view bits)
{
	const auto wanted = field.kind == Kind::number ? bits_of(field, bits) : std::nullopt;
	return wanted && !(*wanted & ~field.known_bits) ? std::optional((field.number & *wanted) != 0) : std::nullopt;
}

std::optional<bool> masked_is(const NftField &field, std::string_view mask, std::string_view value)
{
	if (field.kind != Kind::number)
		return std::nullopt;
	const auto counted = bits_of(field, mask);
	const auto wanted = bits_of(field, value);
	if (!counted || !wanted || *counted & ~field.known_bits)
		return std::nullopt;
	return (field.number & *counted) == *wanted;
}

} // namespace ipt
