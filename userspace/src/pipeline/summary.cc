// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/summary.h"

#include <algorithm>
#include <fmt/core.h>

namespace ipt {

namespace {

std::string counted(uint64_t count, const char *what)
{
	return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

} // namespace

bool Summary::lossless() const
{
	return std::all_of(losses.begin(), losses.end(), [](const Loss &loss) { return loss.count == 0; });
}

uint64_t Summary::lost() const
{
	uint64_t sum = 0;
	for (const Loss &loss : losses)
		sum += loss.count;
	return sum;
}

std::string Summary::text() const
{
	std::string text = counted(packets, "packet") + ", " + counted(events, "event");
	if (left_out)
		text += ", " + counted(left_out, "packet") + " left out by --sample or --first";
	if (held_back)
		text += ", " + counted(held_back, "packet") + " held back by --rate";
	if (lossless())
		return text + ", nothing lost";
	text += "; not complete:";
	for (const Loss &loss : losses) {
		if (loss.count)
			text += fmt::format("\n  {} {}", loss.count, loss.what);
	}
	return text;
}

} // namespace ipt
