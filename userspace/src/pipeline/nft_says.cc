// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/nft_says.h"

#include <optional>
#include <utility>

#include "pipeline/nft_fields.h"
#include "pipeline/nft_values.h"

namespace ipt {

namespace {

using Op = NftCondition::Op;

// What a condition has to say: yes, no or, where that cannot be told, nothing; and what the packet has.
struct Said {
	std::optional<bool> yes;
	std::string packet;
};

std::optional<bool> compare(const NftField &field, const NftCondition &condition)
{
	const NftCondition::Value &value = condition.elements[0][0];
	const std::string &wanted = value.text;
	if (!condition.mask.empty()) {
		const bool plain =
			condition.op == Op::implicit || condition.op == Op::equal || condition.op == Op::unequal;
		return plain ? masked_is(field, condition.mask, wanted) : std::nullopt;
	}
	switch (condition.op) {
	case Op::less:
		return is_below(field, wanted);
	case Op::at_least: {
		const auto below = is_below(field, wanted);
		return below ? std::optional(!*below) : std::nullopt;
	}
	case Op::greater:
		return is_above(field, wanted);
	case Op::at_most: {
		const auto above = is_above(field, wanted);
		return above ? std::optional(!*above) : std::nullopt;
	}
	case Op::implicit:
		return field.is_bits() ? has_any_bit(field, wanted) : is_in(field, value);
	case Op::unset: {
		const auto any = has_any_bit(field, wanted);
		return any ? std::optional(!*any) : std::nullopt;
	}
	case Op::equal:
		return is_in(field, value);
	case Op::unequal:
		// Any of them, or all together: that depends on the version of nft. Of no device, on that of the kernel.
		if ((field.is_bits() && wanted.find(',') != std::string::npos) || field.is_no_device())
			return std::nullopt;
		return is_in(field, value);
	}
	return std::nullopt;
}

// Whether one of the elements is that of the packet.
std::optional<bool> is_element(const std::vector<NftField> &fields, const NftCondition &condition)
{
	bool any = false;
	for (const NftCondition::Element &element : condition.elements) {
		if (element.size() != fields.size())
			return std::nullopt;
		bool all = true;
		for (size_t i = 0; i < fields.size(); i++) {
			const auto is = is_in(fields[i], element[i]);
			if (!is)
				return std::nullopt;
			all &= *is;
		}
		any |= all;
	}
	return any;
}

Said say(const NftCondition &condition, const Seen &seen)
{
	std::vector<NftField> fields;
	std::string packet;
	bool known = !condition.keys.empty();
	for (const std::string &key : condition.keys) {
		NftField field = nft_field(key, seen);
		// Of a packet that has no such thing the rule ends there, whatever it compares.
		if (field.is_absent())
			return { false, std::move(field.text) };
		known &= field.is_known();
		packet += (packet.empty() ? "" : " . ") + field.text;
		fields.push_back(std::move(field));
	}
	if (!known)
		return {};
	if (condition.elements.empty())
		return { std::nullopt, std::move(packet) };
	auto fits = condition.is_set   ? is_element(fields, condition) :
		    fields.size() == 1 ? compare(fields[0], condition) :
					 std::nullopt;
	if (fits && condition.op == Op::unequal)
		fits = !*fits;
	return { fits, std::move(packet) };
}

} // namespace

NftReply ask_nft(const NftConditions &rule, const Seen &seen, bool observed)
{
	NftReply reply;
	std::string has;
	for (const NftCondition &condition : rule.conditions) {
		if (condition.is_xt_match && observed)
			continue;
		Said said = say(condition, seen);
		if (!said.yes) {
			reply.suspects.push_back(condition.text);
			has = std::move(said.packet);
		} else if (!*said.yes) {
			reply.unmet.push_back({ condition.text, std::move(said.packet) });
		}
	}
	if (!rule.open.empty()) {
		reply.suspects.push_back(rule.open);
		has.clear();
	}
	if (!reply.unmet.empty())
		reply.suspects.clear();
	else if (reply.suspects.size() == 1 && !has.empty())
		reply.unmet.push_back({ std::string(reply.suspects[0]), std::move(has) });
	return reply;
}

} // namespace ipt
