// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/explain.h"

#include <algorithm>
#include <fmt/core.h>
#include <iterator>
#include <numeric>
#include <optional>

#include "pipeline/course.h"
#include "pipeline/header_says.h"
#include "pipeline/match_refusal.h"
#include "pipeline/met.h"
#include "pipeline/nft_says.h"
#include "pipeline/seen.h"
#include "ruleset/targets.h"

namespace ipt {

namespace {

// Matches of a rule, from the first to behind the last.
struct Span {
	size_t begin;
	size_t end;
};

// As worked out from what was captured, of what the header has to say and these matches.
Passed reckon(uint32_t number, const RuleText &rule, const Seen &seen, HeaderReply header, Span matches)
{
	// A match has something to say only of packets that have the header it was made for.
	const bool header_fits = header.yes();
	Passed result{ number, &rule, std::move(header.unmet), std::move(header.uncertain), {} };
	for (size_t i = matches.begin; i < matches.end; i++) {
		const std::string &match = rule.conditions.matches[i];
		Reply reply = header_fits ? ask(match, seen) : Reply{ {}, false };
		if (!reply.certain)
			result.suspects.push_back(match);
		std::move(reply.unmet.begin(), reply.unmet.end(), std::back_inserter(result.unmet));
	}
	if (!result.unmet.empty())
		result.suspects.clear();
	return result;
}

Passed reckoned(uint32_t number, const RuleText &rule, const Seen &seen)
{
	return reckon(number, rule, seen, ask_header(rule.conditions.header, seen),
		      { 0, rule.conditions.matches.size() });
}

// None of its matches was asked, so it was the header. What the kernel saw counts, whatever was captured.
Passed refused_by_header(uint32_t number, const RuleText &rule, const Seen &seen)
{
	HeaderReply header = ask_header(rule.conditions.header, seen);
	Passed result{ number, &rule, std::move(header.unmet), {}, {} };
	if (!result.unmet.empty())
		return result;
	result.suspects = std::move(header.uncertain);
	if (result.suspects.empty()) {
		for (const HeaderCondition &condition : rule.conditions.header)
			result.suspects.push_back(condition.text);
	}
	if (result.suspects.size() == 1)
		result.unmet.push_back({ std::string(result.suspects[0]), {} });
	return result;
}

// The last that was asked.
void said_no(Passed &result, const Match &last, const Seen &seen)
{
	const std::string *match = result.rule->match(last.index);
	if (!match) {
		result.unmet.push_back({ fmt::format("match {}", last.index + 1), {} });
		return;
	}
	result.unmet = ask(*match, seen).unmet;
	if (result.unmet.empty())
		result.unmet.push_back(refused(*match, seen));
}

// Of a rule of nft's own. Of the matches of x_tables in it the kernel tells, if the walk is observed.
Passed of_nft(uint32_t number, const RuleText &rule, const Seen &seen, bool is_observed,
	      std::vector<const Match *> asked)
{
	Passed result{ number, &rule, {}, {}, std::move(asked) };
	if (!result.asked.empty() && !result.asked.back()->yes) {
		said_no(result, *result.asked.back(), seen);
		return result;
	}
	NftReply reply = ask_nft(rule.nft, seen, is_observed);
	result.unmet = std::move(reply.unmet);
	result.suspects = std::move(reply.suspects);
	return result;
}

// The place, among the rule's matches, of one that was asked; nothing: it is not known.
std::optional<size_t> place_of(const RuleText &rule, const Match &asked)
{
	const std::string *match = rule.match(asked.index);
	return match ? std::optional(static_cast<size_t>(match - rule.conditions.matches.data())) : std::nullopt;
}

// Some conditions of a rule of iptables-nft are matches, of which the kernel tells. The others are nf_tables' own: one of those
// between the last match that was asked and the next that was not said no.
Passed observed_nft(uint32_t number, const RuleText &rule, const Seen &seen, std::vector<const Match *> asked)
{
	Passed result{ number, &rule, {}, {}, std::move(asked) };
	const Match *last = result.asked.empty() ? nullptr : result.asked.back();
	if (last && !last->yes) {
		said_no(result, *last, seen);
		return result;
	}
	const auto place = last ? place_of(rule, *last) : std::nullopt;
	Span open{ place ? *place + 1 : 0, rule.conditions.matches.size() };
	for (const uint8_t other : rule.asked_matches.value_or(std::vector<uint8_t>())) {
		if (other >= open.begin && (!last || place))
			open.end = std::min<size_t>(open.end, other);
	}
	Passed reckoned =
		reckon(number, rule, seen, place ? HeaderReply{} : ask_header(rule.conditions.header, seen), open);
	result.unmet = std::move(reckoned.unmet);
	result.suspects = std::move(reckoned.suspects);
	if (result.unmet.empty() && result.suspects.size() == 1)
		result.unmet.push_back(refused(std::string(result.suspects[0]), seen));
	return result;
}

// The kernel asks a rule's matches until one says no.
Passed observed(uint32_t number, const RuleText &rule, const Seen &seen, std::vector<const Match *> asked)
{
	if (asked.empty())
		return refused_by_header(number, rule, seen);
	const Match &last = *asked.back();
	const std::vector<std::string> &matches = rule.conditions.matches;
	Passed result{ number, &rule, {}, {}, std::move(asked) };
	if (last.yes) {
		for (size_t i = last.index + size_t{ 1 }; i < matches.size(); i++)
			result.suspects.push_back(matches[i]);
		return result;
	}
	said_no(result, last, seen);
	return result;
}

// The end of a chain changes nothing.
uint8_t changes_by(const Rule &met, const TableText &table)
{
	if (met.kind == IPT_EVENT_KIND_RETURN || met.kind == IPT_EVENT_KIND_POLICY)
		return kNothing;
	const RuleText *rule = table.rule(chain_of(met, &table), met.number);
	if (table.is_nft)
		return !rule || rule->nft.changes ? kAnything | kConnection : kNothing;
	return rule && !table.chain(rule->target) ? target_of(rule->target).changes : kNothing;
}

// What more than one rule of the walk may have changed, so that in between it was neither as in the end nor as before.
uint8_t twice_changed(const Traversal &walk, const TableText &table)
{
	uint8_t once = kNothing, twice = kNothing;
	for (const Rule &met : walk.rules) {
		const uint8_t changes = changes_by(met, table);
		twice |= once & changes;
		once |= changes;
	}
	return twice;
}

// Goes through a walk whose beginning and end were seen.
class Explainer {
public:
	Explainer(const Traversal &walk, const TableText &table)
		: walk_(walk), table_(table), course_(table, first_chain(walk)), observed_(walk),
		  changed_twice_(twice_changed(walk, table))
	{
	}

	Explanation run();

private:
	// Rules of one chain that were asked without matching; false: what was observed is not of these.
	bool pass(std::string_view chain, uint32_t first, uint32_t end, std::vector<Passed> &to);
	Passed explained(uint32_t number, const RuleText &rule, const Seen &seen);
	uint8_t touched_by(std::string_view chain, uint32_t first, uint32_t end);

	const Traversal &walk_;
	const TableText &table_;
	Course course_;
	Observed observed_;
	const uint8_t changed_twice_;
	uint8_t changed_ = kNothing;
	uint8_t open_ = kNothing; // what may have been anything in between
	size_t event_ = 0; // the next of the walk's rules
};

Passed Explainer::explained(uint32_t number, const RuleText &rule, const Seen &seen)
{
	std::vector<const Match *> asked = observed_.of(number);
	if (table_.is_nft)
		return of_nft(number, rule, seen, is_observed(walk_), std::move(asked));
	if (!is_observed(walk_))
		return reckoned(number, rule, seen);
	return walk_.head.nft_family ? observed_nft(number, rule, seen, std::move(asked)) :
				       observed(number, rule, seen, std::move(asked));
}

// What rules may do though they say no. Marks are those of the next rule that is met; x_tables tells of it when its matches have
// been asked.
uint8_t Explainer::touched_by(std::string_view chain, uint32_t first, uint32_t end)
{
	const ChainText *rules = table_.chain(chain);
	if (!rules)
		return open_;
	const bool told_before = !walk_.head.nft_family;
	const size_t behind = std::min(size_t{ end } + told_before, rules->rules.size() + 1);
	uint8_t marks = kNothing;
	for (size_t number = first; number < behind; number++) {
		const RuleText &rule = rules->rules[number - 1];
		if (!(table_.is_nft ? rule.nft.touches : rule.marks_unmet))
			continue;
		marks = kMarks;
		open_ |= rule.nft.changes ? kAnything | kConnection : kNothing;
	}
	return open_ | marks;
}

bool Explainer::pass(std::string_view chain, uint32_t first, uint32_t end, std::vector<Passed> &to)
{
	const Seen seen = seen_before(walk_, event_, (changed_ & changed_twice_) | touched_by(chain, first, end));
	for (uint32_t number = first; number < end; number++) {
		const RuleText *rule = table_.rule(chain, number);
		if (!rule)
			return false;
		to.push_back(explained(number, *rule, seen));
	}
	return true;
}

Explanation Explainer::run()
{
	static constexpr const char *kOthers = "its matches were observed in rules that it did not come to";
	Explanation explanation;
	for (; event_ < walk_.rules.size(); event_++) {
		const Rule &met = walk_.rules[event_];
		const auto first = course_.meet(met);
		if (!first) {
			explanation.why_not =
				fmt::format("it is not known how it came to rule {} of {}",
					    rule_name(met, walk_.rules_text), chain_name(met, walk_.rules_text));
			return explanation;
		}
		observed_.go_to(met.head.seq);
		std::vector<Passed> before;
		const bool known = pass(chain_of(met, &table_), *first, met.number, before);
		std::vector<const Match *> of_rule = observed_.of(met.number);
		if (!known || !observed_.is_done()) {
			explanation.why_not = kOthers;
			return explanation;
		}
		explanation.before.push_back(std::move(before));
		explanation.matched.push_back(std::move(of_rule));
		changed_ |= changes_by(met, table_);
		open_ |= changed_ & kConnection;
	}
	observed_.go_to(walk_.leave->head.seq);
	if (const Match *last = observed_.last()) {
		const Course::Place &place = course_.place();
		explanation.chain = place.chain;
		// Otherwise the packet was dropped at a rule behind it, as for headers of IPv6 that are not sound.
		const bool by_it = last->hotdrop;
		if (!pass(place.chain, place.next, last->number + !by_it, explanation.behind))
			explanation.why_not = kOthers;
		if (by_it)
			explanation.dropped_by = observed_.of(last->number);
	}
	return explanation;
}

} // namespace

Explanation explain(const Traversal &walk)
{
	const auto &table = walk.rules_text.text;
	if (!table)
		return { .why_not = walk.rules_text.why_not };
	if (!is_whole(walk))
		return { .why_not = "events of it are missing" };
	if (is_untold(walk))
		return { .why_not = "the kernel did not tell of them" };
	return Explainer(walk, *table).run();
}

std::string reason_text(const Passed &passed)
{
	std::string text;
	for (const Unmet &unmet : passed.unmet)
		text += (text.empty() ? "" : ", ") + unmet_text(unmet);
	if (!text.empty())
		return text;
	for (const std::string_view suspect : passed.suspects)
		text += fmt::format("{}{}", text.empty() ? "" : " or ", suspect);
	if (passed.suspects.empty())
		return "not known why";
	return passed.suspects.size() == 1 ? text : text + " (not known which)";
}

std::optional<bool> returned_nonzero(const Match &match, const RuleText *rule)
{
	const std::string *text = rule && match.program ? rule->match(match.index) : nullptr;
	if (!text || !text->starts_with("-m bpf "))
		return std::nullopt;
	return match.yes != text->starts_with("-m bpf ! ");
}

std::optional<bool> returned_nonzero(const Match &match, const Traversal &walk, std::string_view chain)
{
	const auto &table = walk.rules_text.text;
	if (!match.program || !table || !is_whole(walk))
		return std::nullopt;
	return returned_nonzero(match, table->rule(chain, match.number));
}

std::string programs_text(const std::vector<const Match *> &asked, const RuleText *rule)
{
	std::string text;
	for (const Match *match : asked) {
		if (!match->program)
			continue;
		const auto nonzero = returned_nonzero(*match, rule);
		const char *answer = !nonzero ? (match->yes ? "matched" : "did not match") :
				     *nonzero ? "returned nonzero" :
						"returned 0";
		text += fmt::format("{}program {}{} {}", text.empty() ? "" : ", ", match->program,
				    match->program_name.empty() ? "" : " (" + match->program_name + ")", answer);
	}
	return text;
}

uint64_t duration_of(const std::vector<const Match *> &asked)
{
	return std::accumulate(asked.begin(), asked.end(), uint64_t{ 0 },
			       [](uint64_t sum, const Match *match) { return sum + match->duration; });
}

} // namespace ipt
