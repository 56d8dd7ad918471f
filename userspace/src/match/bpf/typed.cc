// SPDX-License-Identifier: GPL-2.0-only
#include "match/bpf/typed.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <bpf/btf.h>
#include <charconv>
#include <cstring>
#include <fmt/core.h>
#include <optional>

#include "match/bpf/named.h"

namespace ipt {

struct TypedBytes::Member {
	std::string name;
	uint32_t type;
	size_t offset;
	size_t size;
};

namespace {

constexpr size_t kIpv4 = 4;
constexpr size_t kIpv6 = 16;

std::string hex(std::span<const uint8_t> bytes)
{
	std::string text;
	for (const uint8_t byte : bytes)
		text += fmt::format("{}{:02x}", text.empty() ? "" : " ", byte);
	return text;
}

std::string digits_of(const std::string &text)
{
	std::string digits;
	std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c != ' ' && c != ':'; });
	return digits;
}

bool parse_hex(const std::string &text, std::span<uint8_t> bytes)
{
	const std::string digits = digits_of(text);
	if (digits.size() != bytes.size() * 2)
		return false;
	for (size_t i = 0; i < bytes.size(); i++) {
		const char *begin = digits.data() + i * 2;
		if (std::from_chars(begin, begin + 2, bytes[i], 16).ptr != begin + 2)
			return false;
	}
	return true;
}

bool is_big_endian(const std::string &name)
{
	return name == "__be16" || name == "__be32" || name == "__be64";
}

uint64_t number_of(std::span<const uint8_t> bytes, bool big_endian)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes.size(); i++)
		value = value << 8 | bytes[big_endian ? i : bytes.size() - 1 - i];
	return value;
}

void put_number(uint64_t value, std::span<uint8_t> bytes, bool big_endian)
{
	for (size_t i = 0; i < bytes.size(); i++, value >>= 8)
		bytes[big_endian ? bytes.size() - 1 - i : i] = static_cast<uint8_t>(value & 0xff);
}

// As BPF objects and this machine have it: little endian, on the machines that the project knows.
std::string number_text(std::span<const uint8_t> bytes, bool big_endian, bool with_sign)
{
	const uint64_t value = number_of(bytes, big_endian);
	const size_t unused = (sizeof(value) - bytes.size()) * 8;
	if (with_sign)
		return std::to_string(static_cast<int64_t>(value << unused) >> unused);
	return std::to_string(value);
}

// Whole, and no larger than what it is for. Hexadecimal after 0x.
bool parse_number(const std::string &text, std::span<uint8_t> bytes, bool big_endian, bool with_sign)
{
	const bool negative = with_sign && text.starts_with('-');
	std::string_view digits = std::string_view(text).substr(negative ? 1 : 0);
	const int base = digits.starts_with("0x") ? 16 : 10;
	if (base == 16)
		digits.remove_prefix(2);
	uint64_t value = 0;
	const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
	if (error != std::errc() || rest != digits.data() + digits.size())
		return false;
	const size_t bits = bytes.size() * 8 - (with_sign ? 1 : 0);
	const uint64_t most = bits >= 64 ? UINT64_MAX : (uint64_t{ 1 } << bits) - (negative ? 0 : 1);
	if (value > most)
		return false;
	put_number(negative ? -value : value, bytes, big_endian);
	return true;
}

std::string address_text(std::span<const uint8_t> bytes)
{
	std::array<char, INET6_ADDRSTRLEN> text{};
	return inet_ntop(bytes.size() == kIpv4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size()) ?
		       text.data() :
		       hex(bytes);
}

bool parse_address(const std::string &text, std::span<uint8_t> bytes)
{
	return inet_pton(bytes.size() == kIpv4 ? AF_INET : AF_INET6, text.c_str(), bytes.data()) == 1;
}

// "a=1,b={c=2,d=3}" at its outer commas.
std::vector<std::string> parts_of(const std::string &text)
{
	std::vector<std::string> parts{ "" };
	int depth = 0;
	for (const char c : text) {
		depth += c == '{' ? 1 : c == '}' ? -1 : 0;
		if (c == ',' && depth == 0)
			parts.emplace_back();
		else
			parts.back() += c;
	}
	return parts;
}

// How many bytes come behind a length that is said by so many bytes before them.
size_t counted_size(std::span<const uint8_t> bytes, size_t length)
{
	return std::min<size_t>(number_of(bytes.first(length), false), bytes.size() - length);
}

// What has a meaning within a struct or cannot be shown, as \xff.
std::string escaped(std::span<const uint8_t> bytes)
{
	std::string text;
	for (const uint8_t byte : bytes) {
		const bool plain = byte >= ' ' && byte < 0x7f && !std::strchr("\\,{}", byte);
		text += plain ? std::string(1, static_cast<char>(byte)) : fmt::format("\\x{:02x}", byte);
	}
	return text;
}

std::optional<Bytes> unescaped(const std::string &text)
{
	Bytes bytes;
	for (size_t at = 0; at < text.size();) {
		if (text[at] != '\\') {
			bytes.push_back(static_cast<uint8_t>(text[at++]));
			continue;
		}
		const char *digits = text.data() + at + 2;
		uint8_t byte = 0;
		if (at + 4 > text.size() || text[at + 1] != 'x' ||
		    std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
			return {};
		bytes.push_back(byte);
		at += 4;
	}
	return bytes;
}

// Whatever of the bytes is not used stays zero.
bool put_counted(const Bytes &counted, std::span<uint8_t> bytes, size_t length)
{
	if (counted.size() > bytes.size() - length || (length == 1 && counted.size() > UINT8_MAX))
		return false;
	put_number(counted.size(), bytes.first(length), false);
	std::copy(counted.begin(), counted.end(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
	return true;
}

} // namespace

uint32_t TypedBytes::plain(uint32_t type, std::string &name) const
{
	for (;;) {
		const btf_type *t = btf__type_by_id(types_.get(), type);
		if (!t)
			return 0;
		const bool wraps = btf_is_typedef(t) || btf_is_mod(t);
		if (t->name_off && !is_big_endian(name))
			name = btf__name_by_offset(types_.get(), t->name_off);
		if (!wraps)
			return type;
		type = t->type;
	}
}

std::vector<TypedBytes::Member> TypedBytes::members(uint32_t type) const
{
	std::vector<Member> found;
	const btf_type *t = btf__type_by_id(types_.get(), type);
	const btf_member *member = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++) {
		if (btf_member_bitfield_size(t, static_cast<uint32_t>(i)))
			return {};
		const auto size = btf__resolve_size(types_.get(), member[i].type);
		found.push_back({ btf__name_by_offset(types_.get(), member[i].name_off), member[i].type,
				  btf_member_bit_offset(t, static_cast<uint32_t>(i)) / 8,
				  static_cast<size_t>(std::max<long>(size, 0)) });
	}
	return found;
}

// How many bytes of address the type is; 0: it is none.
size_t TypedBytes::address_size(uint32_t type) const
{
	std::string name;
	const btf_type *t = btf__type_by_id(types_.get(), plain(type, name));
	if (name == "__be32" || name == "in_addr")
		return kIpv4;
	if (name == "in6_addr")
		return kIpv6;
	if (!t || !btf_is_array(t) || is_text(type))
		return 0;
	const auto *array = btf_array(t);
	const bool bytes = btf__resolve_size(types_.get(), array->type) == 1;
	return bytes && (array->nelems == kIpv4 || array->nelems == kIpv6) ? array->nelems : 0;
}

bool TypedBytes::is_text(uint32_t type) const
{
	std::string name;
	const btf_type *t = btf__type_by_id(types_.get(), plain(type, name));
	if (!t || !btf_is_array(t))
		return false;
	std::string element;
	plain(btf_array(t)->type, element);
	return element == "char";
}

// What a trie of addresses has as its key.
bool TypedBytes::is_prefix(uint32_t type) const
{
	const auto parts = members(type);
	return parts.size() == 2 && parts[0].name.find("prefix") != std::string::npos && parts[0].size == 4 &&
	       parts[1].offset == 4 && address_size(parts[1].type) == parts[1].size;
}

// A length, and behind it an array of which so many bytes mean something.
bool TypedBytes::is_counted(uint32_t type) const
{
	const auto parts = members(type);
	std::string name;
	if (parts.size() != 2 || parts[0].name != "length" || parts[0].size > 2 || parts[1].offset != parts[0].size)
		return false;
	const btf_type *t = btf__type_by_id(types_.get(), plain(parts[1].type, name));
	return t && btf_is_array(t) && btf__resolve_size(types_.get(), btf_array(t)->type) == 1;
}

std::string TypedBytes::text_of(uint32_t type, std::span<const uint8_t> bytes) const
{
	if (!types_)
		return hex(bytes);
	std::string name;
	const uint32_t id = plain(type, name);
	const btf_type *t = btf__type_by_id(types_.get(), id);
	if (address_size(type) == bytes.size())
		return address_text(bytes);
	if (t && btf_is_int(t) && bytes.size() <= 8)
		return number_text(bytes, is_big_endian(name), btf_int_encoding(t) & BTF_INT_SIGNED);
	if (is_text(type))
		return { reinterpret_cast<const char *>(bytes.data()),
			 strnlen(reinterpret_cast<const char *>(bytes.data()), bytes.size()) };
	if (!t || !btf_is_struct(t))
		return hex(bytes);
	if (const NamedForm *named = named_form(name))
		return named->text(bytes).value_or(hex(bytes));
	const auto parts = members(id);
	if (is_counted(id)) {
		const auto counted = bytes.subspan(parts[0].size, counted_size(bytes, parts[0].size));
		return is_text(parts[1].type) ? escaped(counted) : hex(counted);
	}
	if (is_prefix(id))
		return fmt::format("{}/{}", address_text(bytes.subspan(4)), number_of(bytes.first(4), false));
	std::string text;
	for (const Member &member : parts)
		text += fmt::format("{}{}={}", text.empty() ? "" : ",", member.name,
				    text_of(member.type, bytes.subspan(member.offset, member.size)));
	return text.empty() ? hex(bytes) : "{" + text + "}";
}

std::string TypedBytes::form_of(uint32_t type) const
{
	const std::string bytes = fmt::format("{} bytes in hexadecimal", size_);
	if (!types_)
		return bytes;
	std::string name;
	const uint32_t id = plain(type, name);
	const btf_type *t = btf__type_by_id(types_.get(), id);
	if (const size_t size = address_size(type))
		return size == kIpv4 ? "an IPv4 address" : "an IPv6 address";
	if (t && btf_is_int(t))
		return fmt::format("a number of {} bits", t->size * 8);
	if (is_text(type))
		return "text";
	if (!t || !btf_is_struct(t))
		return bytes;
	if (const NamedForm *named = named_form(name))
		return named->form;
	if (is_prefix(id))
		return "ADDRESS/LENGTH";
	const auto parts = members(id);
	if (is_counted(id))
		return is_text(parts[1].type) ?
			       fmt::format("text of at most {} characters, others as \\xff", parts[1].size) :
			       fmt::format("at most {} bytes in hexadecimal", parts[1].size);
	std::string text;
	for (const Member &member : parts)
		text += fmt::format("{}{}=...", text.empty() ? "" : ",", member.name);
	return text.empty() ? bytes : text;
}

// Members that are not named are zero.
bool TypedBytes::parse_struct(uint32_t type, std::string text, std::span<uint8_t> bytes) const
{
	const auto all = members(type);
	if (is_prefix(type)) {
		const size_t slash = text.find('/');
		const std::string length =
			slash == std::string::npos ? std::to_string((bytes.size() - 4) * 8) : text.substr(slash + 1);
		return parse_address(text.substr(0, slash), bytes.subspan(4)) &&
		       parse_number(length, bytes.first(4), false, false) &&
		       number_of(bytes.first(4), false) <= (bytes.size() - 4) * 8;
	}
	if (is_counted(type)) {
		const size_t length = all[0].size;
		if (is_text(all[1].type)) {
			const auto counted = unescaped(text);
			return counted && put_counted(*counted, bytes, length);
		}
		Bytes counted(digits_of(text).size() / 2);
		return parse_hex(text, counted) && put_counted(counted, bytes, length);
	}
	if (text.starts_with('{') && text.ends_with('}'))
		text = text.substr(1, text.size() - 2);
	for (const std::string &part : parts_of(text)) {
		const size_t equals = part.find('=');
		const auto member = std::find_if(all.begin(), all.end(),
						 [&](const Member &one) { return one.name == part.substr(0, equals); });
		if (equals == std::string::npos || member == all.end() ||
		    !parse_into(member->type, part.substr(equals + 1), bytes.subspan(member->offset, member->size)))
			return false;
	}
	return true;
}

bool TypedBytes::parse_into(uint32_t type, const std::string &text, std::span<uint8_t> bytes) const
{
	if (!types_)
		return parse_hex(text, bytes);
	std::string name;
	const uint32_t id = plain(type, name);
	const btf_type *t = btf__type_by_id(types_.get(), id);
	if (address_size(type) == bytes.size())
		return parse_address(text, bytes);
	if (t && btf_is_int(t) && bytes.size() <= 8)
		return parse_number(text, bytes, is_big_endian(name), btf_int_encoding(t) & BTF_INT_SIGNED);
	if (is_text(type)) {
		if (text.size() >= bytes.size())
			return false;
		std::copy(text.begin(), text.end(), bytes.begin());
		return true;
	}
	if (const NamedForm *named = t && btf_is_struct(t) ? named_form(name) : nullptr)
		return named->parse(text, bytes);
	if (t && btf_is_struct(t) && !members(id).empty())
		return parse_struct(id, text, bytes);
	return parse_hex(text, bytes);
}

Result<Bytes> TypedBytes::parse(const std::string &text) const
{
	Bytes bytes(size_);
	if (parse_into(type_, text, bytes))
		return bytes;
	return Error{ fmt::format("\"{}\" is not {}", text, form()) };
}

bool TypedBytes::is_number() const
{
	std::string name;
	const btf_type *t = types_ ? btf__type_by_id(types_.get(), plain(type_, name)) : nullptr;
	return t && btf_is_int(t) && !is_big_endian(name) && size_ <= 8;
}

} // namespace ipt
