// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/marks.h"

#include <algorithm>

#include "pipeline/course.h"

namespace ipt {

namespace {

bool has_one_mark(const Traversal &walk)
{
	return std::all_of(walk.rules.begin(), walk.rules.end(), [&walk](const Rule &rule) {
		return rule.mark == walk.leave->packet.mark && rule.ct_mark == walk.leave->packet.ct_mark;
	});
}

bool any_marks_unmet(const ChainText &chain, uint32_t first, uint32_t end)
{
	for (size_t number = first; number < end && number <= chain.rules.size(); number++) {
		if (chain.rules[number - 1].marks_unmet)
			return true;
	}
	return false;
}

} // namespace

std::vector<bool> marks_in_doubt(const Traversal &walk)
{
	const auto &table = walk.rules_text.text;
	if (!table || has_one_mark(walk))
		return {};

	const bool told_before = !walk.head.nft_family;
	std::vector<bool> in_doubt(walk.rules.size());
	Course course(*table, first_chain(walk));
	for (size_t i = 0; i < walk.rules.size(); i++) {
		const Rule &met = walk.rules[i];
		const ChainText *chain = table->chain(chain_of(met, table.get()));
		const auto first = course.meet(met);
		if (!first || !chain)
			break;
		// In x_tables the matches of the next rule that is met have been asked by then, too.
		if (i >= told_before && any_marks_unmet(*chain, *first, met.number + told_before))
			in_doubt[i - told_before] = true;
	}
	return in_doubt;
}

} // namespace ipt
