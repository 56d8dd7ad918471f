// SPDX-License-Identifier: GPL-2.0-only
#include "match/bpf/p0f.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fmt/core.h>
#include <vector>

#include "p0f_signature.h"

namespace ipt {

namespace {

struct Word {
	uint32_t value;
	std::string_view text;
};

constexpr uint8_t kEnd = 0;
constexpr std::array kOptions{ Word{ 1, "nop" }, Word{ 2, "mss" },  Word{ 3, "ws" },
			       Word{ 4, "sok" }, Word{ 5, "sack" }, Word{ 8, "ts" } };
constexpr std::array kQuirks{ Word{ P0F_DF, "df" },
			      Word{ P0F_ID_NONZERO, "id+" },
			      Word{ P0F_ID_ZERO, "id-" },
			      Word{ P0F_ECN, "ecn" },
			      Word{ P0F_RESERVED_NONZERO, "0+" },
			      Word{ P0F_FLOW, "flow" },
			      Word{ P0F_SEQUENCE_ZERO, "seq-" },
			      Word{ P0F_ACK_NONZERO, "ack+" },
			      Word{ P0F_ACK_ZERO, "ack-" },
			      Word{ P0F_URGENT_NONZERO, "uptr+" },
			      Word{ P0F_URG, "urgf+" },
			      Word{ P0F_PUSH, "pushf+" },
			      Word{ P0F_TIME_ZERO, "ts1-" },
			      Word{ P0F_PEER_TIME_NONZERO, "ts2+" },
			      Word{ P0F_BEHIND_END_NONZERO, "opt+" },
			      Word{ P0F_EXCESSIVE_SCALE, "exws" },
			      Word{ P0F_BAD_OPTIONS, "bad" } };

std::vector<std::string_view> split(std::string_view text, char at)
{
	std::vector<std::string_view> parts;
	for (;;) {
		const size_t end = text.find(at);
		parts.push_back(text.substr(0, end));
		if (end == std::string_view::npos)
			return parts;
		text.remove_prefix(end + 1);
	}
}

template <typename Number>
bool parse_number(std::string_view text, uint32_t least, uint32_t most, Number &number)
{
	uint32_t value = 0;
	const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
	if (error != std::errc() || rest != text.data() + text.size() || value < least || value > most)
		return false;
	number = static_cast<Number>(value);
	return true;
}

// "64"; "54+10", as it was seen and how far away; "64-", of whom the first TTL is anything up to it.
bool parse_ttl(std::string_view text, p0f_signature &signature)
{
	if (text.ends_with('-')) {
		signature.any |= P0F_ANY_LOWER_TTL;
		text.remove_suffix(1);
	}
	uint8_t distance = 0;
	const size_t plus = text.find('+');
	if (plus != std::string_view::npos && !parse_number(text.substr(plus + 1), 0, UINT8_MAX - 1, distance))
		return false;
	if (!parse_number(text.substr(0, plus), 1, UINT8_MAX - distance, signature.ttl))
		return false;
	signature.ttl = static_cast<uint8_t>(signature.ttl + distance);
	return true;
}

bool parse_window(std::string_view text, p0f_signature &signature)
{
	if (text == "*") {
		signature.window_kind = P0F_WINDOW_ANY;
		return true;
	}
	if (text.starts_with('%')) {
		signature.window_kind = P0F_WINDOW_MULTIPLE;
		return parse_number(text.substr(1), 2, UINT16_MAX, signature.window);
	}
	if (text.starts_with("mss*") || text.starts_with("mtu*")) {
		signature.window_kind = text[1] == 's' ? P0F_WINDOW_MSS : P0F_WINDOW_MTU;
		return parse_number(text.substr(4), 1, 1000, signature.window);
	}
	return parse_number(text, 0, UINT16_MAX, signature.window);
}

void add_to_layout(p0f_signature &signature, uint8_t kind)
{
	auto &words = signature.layout;
	for (size_t i = P0F_LAYOUT_WORDS - 1; i; i--)
		words[i] = words[i] << 8 | words[i - 1] >> 56;
	words[0] = words[0] << 8 | kind;
	signature.layout_length++;
}

uint8_t layout_at(const p0f_signature &signature, size_t at)
{
	const size_t from_end = signature.layout_length - 1 - at;
	return static_cast<uint8_t>(signature.layout[from_end / 8] >> (from_end % 8 * 8));
}

bool parse_layout(std::string_view text, p0f_signature &signature)
{
	if (text.empty())
		return true;
	bool ended = false;
	for (const std::string_view option : split(text, ',')) {
		const auto *const known = std::find_if(kOptions.begin(), kOptions.end(),
						       [&](const Word &one) { return one.text == option; });
		uint8_t kind = kEnd;
		if (ended || signature.layout_length == P0F_LAYOUT_MOST)
			return false;
		ended = option.starts_with("eol+");
		if (ended ? !parse_number(option.substr(4), 0, UINT8_MAX, signature.padding) :
			    known == kOptions.end() &&
				    (!option.starts_with('?') || !parse_number(option.substr(1), 0, UINT8_MAX, kind)))
			return false;
		add_to_layout(signature, known == kOptions.end() ? kind : static_cast<uint8_t>(known->value));
	}
	return true;
}

bool parse_quirks(std::string_view text, p0f_signature &signature)
{
	if (text.empty())
		return true;
	for (const std::string_view quirk : split(text, ',')) {
		const auto *const known = std::find_if(kQuirks.begin(), kQuirks.end(),
						       [&](const Word &one) { return one.text == quirk; });
		if (known == kQuirks.end())
			return false;
		signature.quirks |= known->value;
	}
	const uint32_t impossible = signature.version == 4 ? P0F_ONLY_IPV6 :
				    signature.version == 6 ? P0F_ONLY_IPV4 | P0F_RESERVED_NONZERO :
							     0;
	return (signature.quirks & impossible) == 0;
}

template <typename Number>
bool parse_or_any(std::string_view text, uint32_t most, uint8_t flag, p0f_signature &signature, Number &number)
{
	if (text != "*")
		return parse_number(text, 0, most, number);
	signature.any |= flag;
	return true;
}

bool parse_fields(const std::vector<std::string_view> &fields, p0f_signature &signature)
{
	enum { version, ttl, ip_options, mss, window, layout, quirks, payload, count };
	if (fields.size() != count)
		return false;
	const auto windows = split(fields[window], ',');
	if (fields[version] != "*" &&
	    !(parse_number(fields[version], 4, 6, signature.version) && signature.version != 5))
		return false;
	if (fields[payload] == "*")
		signature.any |= P0F_ANY_PAYLOAD;
	else if (fields[payload] == "+" || fields[payload] == "0")
		signature.payload = fields[payload] == "+";
	else
		return false;
	return windows.size() == 2 && parse_ttl(fields[ttl], signature) &&
	       parse_number(fields[ip_options], 0, UINT8_MAX, signature.ip_options) &&
	       parse_or_any(fields[mss], UINT16_MAX, P0F_ANY_MSS, signature, signature.mss) &&
	       parse_window(windows[0], signature) &&
	       parse_or_any(windows[1], UINT8_MAX, P0F_ANY_SCALE, signature, signature.scale) &&
	       parse_layout(fields[layout], signature) && parse_quirks(fields[quirks], signature);
}

std::string window_text(const p0f_signature &signature)
{
	switch (signature.window_kind) {
	case P0F_WINDOW_ANY:
		return "*";
	case P0F_WINDOW_MULTIPLE:
		return fmt::format("%{}", signature.window);
	case P0F_WINDOW_MSS:
		return fmt::format("mss*{}", signature.window);
	case P0F_WINDOW_MTU:
		return fmt::format("mtu*{}", signature.window);
	default:
		return std::to_string(signature.window);
	}
}

std::string layout_text(const p0f_signature &signature)
{
	std::string text;
	for (size_t i = 0; i < signature.layout_length; i++) {
		const uint8_t kind = layout_at(signature, i);
		const auto *const known = std::find_if(kOptions.begin(), kOptions.end(),
						       [&](const Word &one) { return one.value == kind; });
		text += text.empty() ? "" : ",";
		if (known != kOptions.end())
			text += known->text;
		else if (kind == kEnd && i + 1u == signature.layout_length)
			text += fmt::format("eol+{}", signature.padding);
		else
			text += fmt::format("?{}", kind);
	}
	return text;
}

std::string quirks_text(const p0f_signature &signature)
{
	std::string text;
	for (const Word &quirk : kQuirks)
		if (signature.quirks & quirk.value)
			text += fmt::format("{}{}", text.empty() ? "" : ",", quirk.text);
	return text;
}

std::string or_any(const p0f_signature &signature, uint8_t flag, const std::string &text)
{
	return signature.any & flag ? "*" : text;
}

} // namespace

bool parse_p0f_signature(const std::string &text, std::span<uint8_t> signature)
{
	p0f_signature parsed{};
	if (signature.size() != sizeof(parsed) || (text != "none" && !parse_fields(split(text, ':'), parsed)))
		return false;
	std::memcpy(signature.data(), &parsed, sizeof(parsed));
	return true;
}

std::optional<std::string> p0f_signature_text(std::span<const uint8_t> signature)
{
	p0f_signature one{};
	if (signature.size() != sizeof(one))
		return {};
	std::memcpy(&one, signature.data(), sizeof(one));
	if (!one.ttl)
		return "none";
	if (one.layout_length > P0F_LAYOUT_MOST)
		return {};
	return fmt::format("{}:{}{}:{}:{}:{},{}:{}:{}:{}", one.version ? std::to_string(one.version) : "*", one.ttl,
			   one.any & P0F_ANY_LOWER_TTL ? "-" : "", one.ip_options,
			   or_any(one, P0F_ANY_MSS, std::to_string(one.mss)), window_text(one),
			   or_any(one, P0F_ANY_SCALE, std::to_string(one.scale)), layout_text(one), quirks_text(one),
			   or_any(one, P0F_ANY_PAYLOAD, one.payload ? "+" : "0"));
}

} // namespace ipt
