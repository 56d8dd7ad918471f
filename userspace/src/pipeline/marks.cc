// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/marks.h"

#include <optional>

#include "pipeline/course.h"

namespace ipt {

bool may_be_set_unmet(const Traversal &walk, size_t rule)
{
	const auto &table = walk.rules_text.text;
	const bool told_before = !walk.head.nft_family;
	const size_t last = rule + told_before;
	if (!table || last >= walk.rules.size())
		return false;

	Course course(*table, first_chain(walk));
	std::optional<uint32_t> first;
	for (size_t i = 0; i <= last; i++) {
		first = course.meet(walk.rules[i]);
		if (!first)
			return false;
	}
	// In x_tables the matches of the next rule that was met have been asked as well.
	const Rule &next = walk.rules[last];
	for (uint32_t number = *first; number < next.number + told_before; number++) {
		const RuleText *between = table->rule(name_of(next.chain), number);
		if (between && between->marks_unmet)
			return true;
	}
	return false;
}

} // namespace ipt
