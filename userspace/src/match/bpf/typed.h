// SPDX-License-Identifier: GPL-2.0-only
// Keys and values of maps as people write them, by the type that BTF gives them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "util/result.h"

struct btf;

namespace ipt {

using Bytes = std::vector<uint8_t>;

// Numbers in decimal, __be16 and __be32 in the order of people; __be32, in_addr, in6_addr and arrays of 4 and 16 bytes as
// addresses; prefixlen and an address as ADDRESS/LENGTH; structs that named.h knows as it says; other structs as
// {name=value,...}; char arrays as text; length and bytes or characters as that many of them. What has no type, or one that
// is not among these, as hexadecimal bytes.
class TypedBytes {
public:
	TypedBytes(std::shared_ptr<btf> types, uint32_t type, size_t size)
		: types_(std::move(types)), type_(type), size_(size)
	{
	}

	std::string text(std::span<const uint8_t> bytes) const { return text_of(type_, bytes); }
	Result<Bytes> parse(const std::string &text) const;
	// What it wants, for messages: "an address", "{protocol=...,number=...}".
	std::string form() const { return form_of(type_); }
	bool is_number() const;
	size_t size() const { return size_; }

private:
	struct Member;

	std::string text_of(uint32_t type, std::span<const uint8_t> bytes) const;
	std::string form_of(uint32_t type) const;
	bool parse_into(uint32_t type, const std::string &text, std::span<uint8_t> bytes) const;
	bool parse_struct(uint32_t type, std::string text, std::span<uint8_t> bytes) const;
	std::vector<Member> members(uint32_t type) const;
	// Through typedefs and qualifiers; name is that of the innermost typedef or of the type itself.
	uint32_t plain(uint32_t type, std::string &name) const;
	size_t address_size(uint32_t type) const;
	bool is_prefix(uint32_t type) const;
	bool is_text(uint32_t type) const;
	bool is_counted(uint32_t type) const;

	std::shared_ptr<btf> types_; // none: hexadecimal
	uint32_t type_;
	size_t size_;
};

} // namespace ipt
