// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/summary.h"

#include <algorithm>
#include <fmt/core.h>
#include <linux/netfilter.h>

#include "event/names.h"

namespace ipt {

namespace {

std::string counted(uint64_t count, const char *what)
{
	return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string observed_text(const ObservedCounts &observed)
{
	std::string text = fmt::format(", {} match{} observed", observed.matches, observed.matches == 1 ? "" : "es");
	if (observed.busy)
		text += ", " + counted(observed.busy, "walk") + " not observed to keep to --explain-budget";
	if (observed.unknown)
		text += ", " + counted(observed.unknown, "walk") + " not observed as the rules were new";
	return text;
}

std::string chain_text(const DearPlace &where)
{
	const std::string table = where.nft_family ?
					  fmt::format("nft {} {}", nft_family_name(where.nft_family), where.table) :
				  where.family == NFPROTO_IPV6 ? where.table + " (IPv6)" :
								 where.table;
	return fmt::format("{} {} {}", where.netns, table, where.chain);
}

std::string dear_text(const Dear &dear)
{
	return fmt::format("{}, asked {}, {} each: {} {}  {}", duration_text(dear.ns), counted(dear.asked, "time"),
			   duration_text(dear.ns / std::max<uint64_t>(dear.asked, 1)), chain_text(dear.where),
			   dear.where.number, dear.match);
}

std::string dear_text(const DearRule &dear)
{
	const std::string name = !dear.where.number && dear.handle ? fmt::format("handle {}", dear.handle) :
								     fmt::format("{}", dear.where.number);
	return fmt::format("{}, met {}, {} each: {} {}  {}", duration_text(dear.ns), counted(dear.met, "time"),
			   duration_text(dear.ns / std::max<uint64_t>(dear.met, 1)), chain_text(dear.where), name,
			   dear.rule);
}

std::string own_text(const OwnCost &own)
{
	return fmt::format(
		", own cost {} ns an event, subtracted ({} ns of it into a probe and out, measured at the start)",
		own.event, own.probe);
}

} // namespace

void Summary::add(const Summary &other)
{
	packets += other.packets;
	events += other.events;
	left_out += other.left_out;
	held_back += other.held_back;
	guessed += other.guessed;
	for (const Loss &loss : other.losses) {
		const auto same = std::find_if(losses.begin(), losses.end(),
					       [&loss](const Loss &known) { return known.what == loss.what; });
		if (same == losses.end())
			losses.push_back(loss);
		else
			same->count += loss.count;
	}
	if (!other.observed)
		return;
	if (!observed)
		observed.emplace();
	observed->matches += other.observed->matches;
	observed->busy += other.observed->busy;
	observed->unknown += other.observed->unknown;
}

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

std::string dearest_text(const std::vector<DearRule> &rules, const std::vector<Dear> &matches)
{
	std::string text;
	if (!rules.empty())
		text += "\n  the dearest rules:";
	for (const DearRule &dear : rules)
		text += "\n    " + dear_text(dear);
	if (!matches.empty())
		text += "\n  the dearest matches:";
	for (const Dear &dear : matches)
		text += "\n    " + dear_text(dear);
	return text;
}

std::string Summary::text() const
{
	std::string text = counted(packets, "packet") + ", " + counted(events, "event");
	if (left_out)
		text += ", " + counted(left_out, "packet") + " left out by --sample or --first";
	if (held_back)
		text += ", " + counted(held_back, "packet") + " held back by --rate";
	if (guessed)
		text += ", " + counted(guessed, "walk") + " most likely, not certainly, of the packet shown with " +
			(guessed == 1 ? "it" : "them");
	if (observed)
		text += observed_text(*observed);
	if (own)
		text += own_text(*own);
	text += lossless() ? ", nothing lost" : "; not complete:";
	for (const Loss &loss : losses) {
		if (loss.count)
			text += fmt::format("\n  {} {}", loss.count, loss.what);
	}
	return text + dearest_text(dearest_rules, dearest);
}

} // namespace ipt
