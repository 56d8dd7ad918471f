// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/correlator.h"

#include <algorithm>
#include <fmt/core.h>
#include <linux/netfilter.h>

#include "event/names.h"
#include "pipeline/met.h"

namespace ipt {

namespace {

constexpr size_t kRememberedPackets = 65536;

// The wanted one is mostly the last.
template <typename Traversals>
auto find(Traversals &traversals, uint64_t id) -> decltype(&traversals.front())
{
	const auto at = std::find_if(traversals.rbegin(), traversals.rend(),
				     [id](const Traversal &t) { return t.head.traversal == id; });
	return at == traversals.rend() ? nullptr : &*at;
}

Completeness unknown(std::string reason)
{
	return { .kind = Completeness::Kind::unknown, .lost = 0, .perhaps_more = false, .reason = std::move(reason) };
}

const Traversal *never_left(const PacketTrace &trace)
{
	for (const Traversal &traversal : trace.traversals) {
		if (!traversal.leave)
			return &traversal;
	}
	return nullptr;
}

} // namespace

std::optional<Origin> Correlator::origin_of(const Head &head)
{
	if (head.parent_packet == 0)
		return std::nullopt;
	Origin origin{ head.parent_packet, {}, {}, {} };
	const auto parent = open_.find(head.parent_packet);
	if (parent == open_.end())
		return origin;
	if (const Traversal *walk = find(parent->second.trace.traversals, head.parent)) {
		origin.head = walk->head;
		origin.first_chain = first_chain_name(*walk);
		if (walk->head.nft_family)
			awaiting_.emplace(head.parent, head.packet);
		else if (!walk->rules.empty()) {
			origin.rule = walk->rules.back();
			origin.chain = name_of(origin.rule->chain);
		}
	}
	return origin;
}

// Packets that were made since the rule before have been made by this one, if it makes any.
void Correlator::tell_children(const Rule &rule, const Binding &rules)
{
	const auto [first, last] = awaiting_.equal_range(rule.head.traversal);
	const Met what = met(rule, rules);
	if (first == last || !what.rule)
		return;
	const bool is_it = !rules.text->is_nft || what.rule->rejects;
	for (auto at = first; is_it && at != last; at++) {
		const auto child = open_.find(at->second);
		if (child == open_.end() || !child->second.trace.origin)
			continue;
		Rule &origin = child->second.trace.origin->rule.emplace(rule);
		origin.number = rules.text->is_nft ? 0 : rule.number;
		child->second.trace.origin->chain = chain_name(rule, rules);
	}
	awaiting_.erase(first, last);
}

// A rule of nf_tables is told when it is done. What the packet looked like when it came to it, which is what other rules
// tell, is known from the event before.
void Correlator::finish_nft(const Event &event, Traversal &walk)
{
	if (const auto *enter = std::get_if<Enter>(&event)) {
		walk.mark = enter->packet.mark;
		walk.ct_mark = enter->packet.ct_mark;
	}
	if (std::holds_alternative<Rule>(event)) {
		Rule &rule = walk.rules.back();
		if (walk.enter) {
			std::swap(rule.mark, walk.mark);
			std::swap(rule.ct_mark, walk.ct_mark);
		}
		number_rule(rule, walk.rules_text);
		tell_children(rule, walk.rules_text);
	}
	if (std::holds_alternative<Leave>(event))
		awaiting_.erase(walk.head.traversal);
}

Correlator::Open &Correlator::open(const Head &head)
{
	const auto found = open_.find(head.packet);
	if (found != open_.end()) {
		by_age_.splice(by_age_.end(), by_age_, found->second.age);
		return found->second;
	}
	if (open_.size() >= patience_.open_packets)
		hand_over(by_age_.front(), known_, "too many packets are under way");

	Open &packet = open_[head.packet];
	packet.trace.number = head.packet;
	packet.trace.first = head;
	packet.trace.origin = origin_of(head);
	packet.before = known_;
	// Of a walk that was told when it was over, more may be known by now than was when it began.
	packet.before.missed = std::min<uint64_t>(known_.missed, head.missed);
	packet.age = by_age_.insert(by_age_.end(), head.packet);
	const auto past = past_.find(head.packet);
	if (past != past_.end()) {
		packet.trace.continued = true;
		packet.next_seq = past->second;
	}
	return packet;
}

Traversal &Correlator::traversal_of(Open &packet, const Head &head)
{
	if (Traversal *known = find(packet.trace.traversals, head.traversal))
		return *known;
	Traversal &traversal = packet.trace.traversals.emplace_back();
	traversal.head = head;
	return traversal;
}

// What is missing belongs to the walk before or to this one, and nobody knows to which.
void Correlator::count_gap(Open &packet, const Head &head)
{
	if (head.seq > packet.next_seq) {
		packet.lost += head.seq - packet.next_seq;
		if (!packet.trace.traversals.empty())
			packet.trace.traversals.back().gap = true;
		else
			packet.lost_at_first = packet.lost;
		traversal_of(packet, head).gap = true;
	}
	packet.next_seq = std::max(packet.next_seq, head.seq + 1);
}

const Traversal &Correlator::add(const Event &event)
{
	const Head &head = head_of(event);
	Open &packet = open(head);
	count_gap(packet, head);
	packet.trace.last_time = head.time;
	packet.last_missed = head.missed;
	Traversal &traversal = traversal_of(packet, head);
	put(traversal, event);
	if (head.flags & IPT_EVENT_OWNED && traversal.enter && owner_of_)
		traversal.owner = owner_of_(*traversal.enter);
	// Only the ends of a walk tell which rules there are.
	if (!traversal.rules_text.text && (head.type == IPT_EVENT_ENTER || head.type == IPT_EVENT_LEAVE))
		traversal.rules_text = texts_.bind(head);
	if (head.nft_family)
		finish_nft(event, traversal);
	if (head.flags & IPT_EVENT_TERMINAL && !packet.terminal) {
		packet.terminal = true;
		ended_.push_back(head.packet);
	}
	return traversal;
}

// A table takes no time, but its CPU may be kept from going on, as in a virtual machine on a busy host.
bool Correlator::is_being_judged(const Open &packet) const
{
	const auto &leave = packet.trace.traversals.back().leave;
	return !leave || (leave->verdict & NF_VERDICT_MASK) == NF_QUEUE;
}

void Correlator::settle(uint64_t now, const Losses &losses)
{
	for (const uint64_t number : std::exchange(ended_, {})) {
		if (open_.contains(number))
			hand_over(number, losses);
	}
	for (auto at = by_age_.begin(); at != by_age_.end();) {
		const uint64_t number = *at++;
		const Open &packet = open_.at(number);
		if (packet.trace.last_time + patience_.settle_ns > now)
			break;
		if (!is_being_judged(packet) || packet.trace.last_time + patience_.queue_ns <= now)
			hand_over(number, losses);
	}
	known_ = losses;
}

void Correlator::finish(const Losses &losses)
{
	ended_.clear();
	while (!by_age_.empty()) {
		const Open &packet = open_.at(by_age_.front());
		hand_over(by_age_.front(), losses,
			  packet.terminal ? nullptr : "the trace ended while the packet was under way");
	}
}

bool Correlator::has_open_children(const std::function<bool(uint64_t parent)> &of) const
{
	return std::any_of(open_.begin(), open_.end(), [&of](const auto &entry) {
		const auto &origin = entry.second.trace.origin;
		return origin && of(origin->packet);
	});
}

// An unbroken row of numbers up to an event that nothing can follow is proof. Without such an end, it takes that nothing
// was lost in the session for as long as the packet might have been under way.
Completeness Correlator::judge(const Open &packet, const Losses &losses) const
{
	const PacketTrace &trace = packet.trace;
	if (packet.lost) {
		const uint64_t meanwhile = losses.numbered - packet.before.numbered;
		return { .kind = Completeness::Kind::lost,
			 .lost = packet.lost,
			 .perhaps_more = !packet.terminal && meanwhile > packet.lost - packet.lost_at_first,
			 .reason = {} };
	}
	if (losses.blind > packet.before.blind)
		return unknown("the kernel's probes were switched off meanwhile");
	const uint64_t missed = packet.terminal ? packet.last_missed : losses.missed;
	if (missed > packet.before.missed)
		return unknown(
			fmt::format("the kernel passed over {} probes meanwhile", missed - packet.before.missed));
	if (!packet.terminal && losses.numbered > packet.before.numbered)
		return unknown(fmt::format("{} events were lost meanwhile, perhaps of this packet",
					   losses.numbered - packet.before.numbered));
	if (!packet.terminal && losses.forgotten > packet.before.forgotten)
		return unknown("the module had to follow more packets than it has room for");
	if (const Traversal *open = never_left(trace))
		return unknown(fmt::format("{} was entered and never left", place_name(*open)));
	const auto untold = std::find_if(trace.traversals.begin(), trace.traversals.end(), is_untold);
	if (untold != trace.traversals.end())
		return unknown(fmt::format("the kernel did not tell of the rules of {}", place_name(*untold)));
	return {};
}

// At its beginning and at its end. A generation of nf_tables may have left the rules of the table as they were, and then both
// have the same text.
bool Correlator::has_same_rules(const Traversal &walk) const
{
	const Head &begin = walk.enter->head;
	const Head &end = walk.leave->head;
	if (begin.ruleset == end.ruleset)
		return true;
	const auto &text = walk.rules_text.text;
	return begin.nft_family && begin.ruleset && text && texts_.bind(end).text == text;
}

void Correlator::hand_over(uint64_t number, const Losses &losses, const char *cut_short)
{
	const auto at = open_.find(number);
	Open packet = std::move(at->second);
	by_age_.erase(packet.age);
	open_.erase(at);

	packet.trace.completeness = judge(packet, losses);
	if (cut_short && packet.trace.completeness.kind == Completeness::Kind::complete)
		packet.trace.completeness = unknown(cut_short);

	if (past_.emplace(number, packet.next_seq).second)
		past_order_.push_back(number);
	else
		past_[number] = packet.next_seq;
	if (past_order_.size() > kRememberedPackets) {
		past_.erase(past_order_.front());
		past_order_.pop_front();
	}

	for (Traversal &traversal : packet.trace.traversals) {
		// What could not be known when the events came may be known by now.
		if (!traversal.rules_text.text)
			traversal.rules_text = texts_.bind(traversal.head);
		// Rules were replaced under the packet: it walked one set or the other.
		if (traversal.enter && traversal.leave && !has_same_rules(traversal))
			traversal.rules_text = { nullptr, "the rules were replaced while the packet met them" };
		number_rules(traversal);
	}
	finished_(std::move(packet.trace));
}

} // namespace ipt
