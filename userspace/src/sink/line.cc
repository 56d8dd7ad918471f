// SPDX-License-Identifier: GPL-2.0-only
#include "sink/line.h"

#include <algorithm>
#include <fmt/format.h>

#include "event/names.h"
#include "pipeline/hotdrop.h"
#include "sink/describe.h"
#include "util/printable.h"

namespace ipt {

namespace {

std::string text_of(const Traversal &walk)
{
	if (walk.enter)
		return packet_text(walk.head.family, walk.enter->packet);
	if (walk.leave)
		return packet_text(walk.head.family, walk.leave->packet);
	return "(packet's fields were lost)";
}

// What stands at the end of a line, if it is in doubt.
const char *doubt(const Head &head)
{
	return head.flags & IPT_EVENT_GUESSED ? ", most likely the same packet" : "";
}

void append(std::string &line, uint64_t number)
{
	const fmt::format_int digits(number);
	line.append(digits.data(), digits.size());
}

} // namespace

void LineSink::begin(uint64_t time, uint64_t packet)
{
	line_ = look_.clock.time_of_day(time);
	line_ += " #";
	append(line_, packet);
}

const std::string &LineSink::packet_of(const Traversal &walk)
{
	if (!walk.enter || walk.head.traversal != walk_) {
		packet_ = text_of(walk);
		walk_ = walk.enter ? walk.head.traversal : 0;
	}
	return packet_;
}

void LineSink::place(const Head &head, const Traversal &walk)
{
	((line_ += ' ') += look_.netns_name(head)) += ' ';
	if (head.nft_family)
		line_ += place_name(walk);
	else
		((line_ += name_of(head.table)) += ' ') += hook_name(head.hook);
	((line_ += ' ') += packet_of(walk)) += " | ";
}

void LineSink::happened(const Enter &event, const Traversal &walk)
{
	(line_ += "enter ") += devices_text(event);
	if (walk.owner)
		(line_ += ", ") += owner_text(*walk.owner);
	line_ += doubt(event.head);
}

void LineSink::happened(const Rule &event, const Traversal &walk)
{
	const Met what = met(event, walk.rules_text);
	line_ += chain_name(event, walk.rules_text);
	if (!event.head.nft_family)
		append(line_ += ' ', event.number);
	else if ((event.number && walk.rules_text.text && !walk.rules_text.text->is_nft) ||
		 what.what == Met::What::rule || what.what == Met::What::not_sure)
		(line_ += ' ') += rule_name(event, walk.rules_text);
	(line_ += ": ") += what.text;
	if (look_.cost && is_timed(event.head))
		(line_ += "  ") += duration_text(event.net);
}

void LineSink::happened(const Leave &event, const Traversal &walk)
{
	((line_ += painted_verdict(event.verdict, look_)) += ' ') += duration_text(time_in(event));
	if (const std::string hotdrop = hotdrop_text(walk); !hotdrop.empty())
		(line_ += ", ") += hotdrop;
	line_ += doubt(event.head);
}

void LineSink::write()
{
	line_ += '\n';
	output_.write(line_);
}

void LineSink::begin(const Head &head, const Traversal &walk)
{
	begin(head.time, head.packet);
	line_ += '.';
	append(line_, head.seq);
	place(head, walk);
}

const Explanation &LineSink::explanation_of(const Traversal &walk)
{
	if (explained_ != walk.head.traversal) {
		explanation_ = explain(walk);
		explained_ = walk.head.traversal;
	}
	return explanation_;
}

// "INPUT 3: ..."
void LineSink::begin(const Head &head, std::string_view chain, std::string_view rule, const Traversal &walk)
{
	begin(head, walk);
	((line_ += chain) += ' ') += rule;
	line_ += ": ";
}

void LineSink::programs(const Head &head, std::string_view chain, std::string_view rule, const Traversal &walk,
			const std::vector<const Match *> &asked, const RuleText *text)
{
	const std::string said = programs_text(asked, text);
	if (said.empty())
		return;
	begin(head, chain, rule, walk);
	line_ += said;
	write();
}

void LineSink::passed(const Head &head, std::string_view chain, const Traversal &walk, const std::vector<Passed> &rules)
{
	for (const Passed &rule : rules) {
		const std::string name = rule_name(rule.number, *rule.rule, *walk.rules_text.text);
		programs(head, chain, name, walk, rule.asked, rule.rule);
		begin(head, chain, name, walk);
		((line_ += "no match (") += reason_text(rule)) += "): ";
		line_ += rule.rule->text;
		write();
	}
}

// The rules that said no before this one, as part of its event.
void LineSink::explained(const Rule &event, const Traversal &walk)
{
	const Explanation &explanation = explanation_of(walk);
	const auto at = std::find_if(walk.rules.begin(), walk.rules.end(),
				     [&event](const Rule &rule) { return rule.head.seq == event.head.seq; });
	const auto index = static_cast<size_t>(at - walk.rules.begin());
	if (index < explanation.before.size()) {
		const std::string chain = chain_name(event, walk.rules_text);
		passed(event.head, chain, walk, explanation.before[index]);
		programs(event.head, chain, rule_name(event, walk.rules_text), walk, explanation.matched[index],
			 met(event, walk.rules_text).rule);
	} else if (!explanation.why_not.empty()) {
		begin(event.head, walk);
		(line_ += "rules that did not match are not shown: ") += explanation.why_not;
		write();
	}
}

void LineSink::explained(const Leave &event, const Traversal &walk)
{
	const Explanation &explanation = explanation_of(walk);
	const std::string chain = printable(explanation.chain);
	passed(event.head, chain, walk, explanation.behind);
	if (explanation.dropped_by.empty())
		return;
	const uint32_t number = explanation.dropped_by.back()->number;
	programs(event.head, chain, fmt::format("{}", number), walk, explanation.dropped_by,
		 walk.rules_text.text->rule(explanation.chain, number));
}

void LineSink::event(const Event &event, const Traversal &walk)
{
	// It is told with the rule.
	if (std::holds_alternative<Matches>(event))
		return;
	// A recording may use the number of a walk again.
	if (std::holds_alternative<Enter>(event))
		walk_ = explained_ = 0;
	if (look_.explain)
		std::visit([&](const auto &e) { explained(e, walk); }, event);
	begin(head_of(event), walk);
	std::visit([&](const auto &e) { happened(e, walk); }, event);
	write();
}

void LineSink::packet(const PacketTrace &trace)
{
	const Traversal &last = trace.traversals.back();
	begin(trace.last_time, trace.number);
	place(last.head, last);
	line_ += completeness_text(trace, look_);
	write();
	walk_ = explained_ = 0;
}

} // namespace ipt
