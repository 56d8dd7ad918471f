// SPDX-License-Identifier: GPL-2.0-only
// What the conditions of a rule of nft's own have to say, as far as what was captured of the packet decides them. Sets with a
// name, and what counts or is looked up elsewhere, are not asked again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/match_says.h"
#include "pipeline/seen.h"
#include "ruleset/nft_conditions.h"

namespace ipt {

struct NftReply {
	std::vector<Unmet> unmet; // certain
	std::vector<std::string_view> suspects; // may have said no
};

// Of a rule that did not match: if there is but one condition that may have said no, it did. Views are of the rule.
// observed: it was none of the matches of x_tables.
NftReply ask_nft(const NftConditions &rule, const Seen &seen, bool observed = false);

} // namespace ipt
