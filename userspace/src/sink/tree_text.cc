// SPDX-License-Identifier: GPL-2.0-only
#include "sink/tree_text.h"

#include <fmt/core.h>

#include "event/names.h"
#include "pipeline/hotdrop.h"
#include "pipeline/marks.h"
#include "sink/chain_stack.h"
#include "sink/describe.h"
#include "util/printable.h"

namespace ipt {

namespace {

// What was last known of the packet's fields when this walk was over.
const PacketFields *fields_after(const Traversal *traversal)
{
	if (!traversal)
		return nullptr;
	return traversal->leave ? &traversal->leave->packet : traversal->enter ? &traversal->enter->packet : nullptr;
}

const PacketFields *first_fields(const PacketTrace &trace)
{
	for (const Traversal &traversal : trace.traversals) {
		if (traversal.enter)
			return &traversal.enter->packet;
		if (traversal.leave)
			return &traversal.leave->packet;
	}
	return nullptr;
}

} // namespace

std::string TreeText::head_line(const PacketTrace &trace) const
{
	const PacketFields *fields = first_fields(trace);
	// Of what is shown: a packet may have begun elsewhere.
	const Traversal &begin = trace.traversals.front();
	const Head &head = begin.head;
	const auto &enter = begin.enter;
	std::string line = fmt::format("{} #{} ", look_.clock.time_of_day(trace.first.time), trace.number);
	line += fields ? packet_text(head.family, *fields) : "a packet whose fields were lost";
	if (const std::string details = fields && look_.verbose ? details_text(head.family, *fields) : "";
	    !details.empty())
		line += " " + details;
	if (fields && fields->mark)
		line += fmt::format(" mark {:#x}", fields->mark);
	if (enter)
		line += " " + devices_text(*enter);
	line += " netns " + look_.netns_name(head);
	if (look_.verbose)
		line += fmt::format(" cpu {}", head.cpu);
	return look_.bold(line) + (trace.continued ? " (continued)" : "") + "\n";
}

std::string TreeText::origin_line(const Origin &origin) const
{
	std::string line = fmt::format("  made while #{} was in ", origin.packet);
	line += origin.head ? place_name(*origin.head, origin.first_chain) : "a table";
	if (origin.rule)
		line += fmt::format(", at rule {} of {}", rule_name(*origin.rule), origin.chain);
	return line + "\n";
}

std::string TreeText::owner_line(const PacketTrace &trace) const
{
	for (const Traversal &traversal : trace.traversals) {
		if (traversal.owner)
			return "  " + owner_text(*traversal.owner) + "\n";
	}
	return {};
}

// What a rule's matches took, if it is a good part of the table's time.
std::string TreeText::cost(const std::vector<const Match *> &asked, const Traversal &traversal) const
{
	constexpr uint64_t good_part = 4;
	const uint64_t ns = duration_of(asked);
	const uint64_t all = traversal.leave ? time_in(*traversal.leave) : 0;
	if (asked.empty() || !(look_.verbose || (ns && ns * good_part >= all)))
		return {};
	return fmt::format("{} took {}", asked.size() == 1 ? "its match" : "its matches", duration_text(ns));
}

// What the eBPF programs in a rule returned.
void TreeText::add_programs(std::string &block, size_t indent, const std::vector<const Match *> &asked,
			    const RuleText *rule) const
{
	if (const std::string programs = programs_text(asked, rule); !programs.empty())
		block.append(indent + 5, ' ').append(programs) += '\n';
}

// Of a rule that matched, below it.
void TreeText::add_matched(std::string &block, size_t indent, const std::vector<const Match *> &asked,
			   const RuleText *rule, const Traversal &traversal) const
{
	add_programs(block, indent, asked, rule);
	if (const std::string took = cost(asked, traversal); !took.empty())
		block.append(indent + 5, ' ').append(took) += '\n';
}

// Rules that said no, above the one that did not.
void TreeText::add_passed(std::string &block, size_t indent, const std::vector<Passed> &rules,
			  const Traversal &traversal) const
{
	for (const Passed &passed : rules) {
		block.append(indent, ' ');
		block += look_.dim(fmt::format("{}  {}",
					       rule_name(passed.number, *passed.rule, *traversal.rules_text.text),
					       passed.rule->text)) +
			 "\n";
		add_programs(block, indent, passed.asked, passed.rule);
		block.append(indent + 5, ' ');
		block += "no match: " + reason_text(passed);
		if (const std::string took = cost(passed.asked, traversal); !took.empty())
			block += " (" + took + ")";
		block += '\n';
	}
}

void TreeText::add_rules(std::string &block, const Traversal &traversal) const
{
	const Explanation explanation = look_.explain ? explain(traversal) : Explanation{};
	if (!explanation.why_not.empty() && traversal.rules_text.text)
		block += "      " + look_.yellow("rules that did not match are not shown: " + explanation.why_not) +
			 "\n";
	const bool whole = is_whole(traversal);
	const std::vector<bool> in_doubt = whole ? marks_in_doubt(traversal) : std::vector<bool>();
	ChainStack stack(first_chain_name(traversal));
	for (size_t i = 0; i < traversal.rules.size(); i++) {
		const Rule &event = traversal.rules[i];
		stack.go_to(chain_name(event, traversal.rules_text));
		const size_t indent = 4 + 2 * stack.chains().size();
		if (i < explanation.before.size())
			add_passed(block, indent, explanation.before[i], traversal);
		const Met what = met(event, traversal.rules_text);
		const bool numbered = what.what == Met::What::rule || what.what == Met::What::not_sure;
		block.append(indent, ' ');
		if (numbered)
			fmt::format_to(std::back_inserter(block), "{}  {}", rule_name(event, traversal.rules_text),
				       what.text);
		else
			block += look_.dim(what.text);
		if (const std::string took = look_.cost ? time_text(traversal, i) : ""; !took.empty())
			block.append("  ").append(took);
		block += '\n';
		if (i < explanation.matched.size())
			add_matched(block, indent, explanation.matched[i], what.rule, traversal);
		if (const std::string marks = whole ? marks_text(traversal, i, !in_doubt.empty() && in_doubt[i]) : "";
		    !marks.empty())
			block.append(indent + 5, ' ').append(look_.yellow(marks)) += '\n';
	}
	if (explanation.behind.empty() && explanation.dropped_by.empty())
		return;
	stack.go_to(printable(explanation.chain));
	const size_t indent = 4 + 2 * stack.chains().size();
	add_passed(block, indent, explanation.behind, traversal);
	if (explanation.dropped_by.empty())
		return;
	const uint32_t number = explanation.dropped_by.back()->number;
	if (const RuleText *rule = traversal.rules_text.text->rule(explanation.chain, number)) {
		block.append(indent, ' ').append(fmt::format("{}  {}\n", number, rule->text));
		add_matched(block, indent, explanation.dropped_by, rule, traversal);
	}
}

void TreeText::add_traversal(std::string &block, const Traversal &traversal, const Traversal *before) const
{
	if (before && !same_netns(before->head, traversal.head))
		block += "  " + look_.bold("netns " + look_.netns_name(traversal.head)) + "\n";
	const PacketFields *previous = fields_after(before);
	if (previous && traversal.enter) {
		const std::string changes = changes_text(traversal.head.family, *previous, traversal.enter->packet);
		if (!changes.empty())
			block += "  " + look_.yellow(changes) + "\n";
	}

	block += "  " + place_name(traversal);
	const std::string devices = traversal.enter ? devices_text(*traversal.enter) : "";
	if (before && !devices.empty() && (!before->enter || devices != devices_text(*before->enter)))
		block += " " + devices;
	if (traversal.leave)
		block += fmt::format("  {}  {}", painted_verdict(traversal.leave->verdict, look_),
				     duration_text(time_in(*traversal.leave)));
	if (traversal.head.flags & IPT_EVENT_GUESSED)
		block += "  (most likely the same packet)";
	if (traversal.gap)
		block += "  " + look_.red("events lost here");
	if (is_untold(traversal))
		block += "  " + look_.red("rules not told by the kernel");
	block += "\n";

	if (!traversal.rules_text.text && !traversal.rules.empty())
		block += "      " + look_.yellow("text of rules unknown: " + traversal.rules_text.why_not) + "\n";
	add_rules(block, traversal);
	if (const std::string hotdrop = hotdrop_text(traversal); !hotdrop.empty())
		block += "      " + look_.red(hotdrop) + "\n";
	if (const std::string changes = changes_text(traversal); !changes.empty())
		block += "      " + look_.yellow(changes) + "\n";
}

std::string TreeText::last_line(const PacketTrace &trace) const
{
	std::string line = "  " + completeness_text(trace, look_);
	const auto &outcome = trace.outcome;
	if (const auto verdict = verdict_of(trace))
		line += fmt::format(": {} in {}", painted_verdict(*verdict, look_),
				    outcome ? place_name(outcome->head, outcome->first_chain) :
					      place_name(trace.traversals.back()));
	if (outcome && ends_elsewhere(trace))
		line += " of netns " + look_.netns_name(outcome->head);
	if (ends_in_queue(trace))
		line += ", not seen since";
	return line + "\n";
}

std::string TreeText::packet(const PacketTrace &trace) const
{
	std::string block = head_line(trace);
	if (trace.origin)
		block += origin_line(*trace.origin);
	block += owner_line(trace);
	const Traversal *before = nullptr;
	for (const Traversal &traversal : trace.traversals) {
		add_traversal(block, traversal, before);
		before = &traversal;
	}
	return block += last_line(trace);
}

} // namespace ipt
