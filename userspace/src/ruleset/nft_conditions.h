// SPDX-License-Identifier: GPL-2.0-only
// What a rule of nft's own asks of a packet, out of the text that nft prints of it. What cannot be read for certain is not
// guessed: it is left open, with all that stands behind it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ipt {

// "tcp dport { 22, 80-90 }", "ip saddr != 10.0.0.0/8", "ct mark & 0xff == 0x1", "ip saddr . tcp dport @known".
struct NftCondition {
	enum class Op { implicit, equal, unequal, less, greater, at_most, at_least, unset };
	struct Value {
		std::string text;
		bool quoted = false; // it is a name, also where it looks like a number
	};
	// What one element of a set has for each key: "192.0.2.1", "22".
	using Element = std::vector<Value>;

	std::string text; // fit for a terminal
	std::vector<std::string> keys; // "tcp dport"; several are looked up together
	Op op = Op::implicit;
	std::string mask; // the bits that count, if not all do
	bool is_set = false; // elements are those of a set: each is one value
	bool is_xt_match = false; // it has no keys: a match of x_tables, of which the kernel tells
	std::vector<Element> elements; // one, if it is no set; none: they stand elsewhere, in a set with a name
};

struct NftConditions {
	std::vector<NftCondition> conditions; // in the order in which they are asked
	std::string open; // what follows and may say no, or do anything; empty: nothing
	bool changes = false; // met, it may change of the packet what is not a mark
	bool touches = false; // it may change something of the packet, and say no afterwards
	bool marks_unmet = false; // likewise, a mark
};

NftConditions parse_nft_conditions(std::string_view rule);

} // namespace ipt
