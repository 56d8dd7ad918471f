// SPDX-License-Identifier: GPL-2.0-only
#include "observation.h"

#include "output_of.h"

namespace ipt {

// Once each.
void Observation::complain(const std::string &why)
{
	if (complaints_.insert(why).second)
		note(why + "; what they look up or count stays open");
}

void Observation::begin(int program, uint32_t budget)
{
	const auto status = session_.set_matches(program, budget);
	works_ = static_cast<bool>(status);
	if (!status)
		complain(status.error().message);
}

std::optional<uint64_t> Observation::observe(const Netns &netns, uint8_t family, const std::string &table)
{
	if (!works_)
		return 0;
	const auto ruleset = session_.observe(netns.fd.get(), family, table);
	if (ruleset)
		return *ruleset;
	complain(ruleset.error().message);
	return 0;
}

} // namespace ipt
