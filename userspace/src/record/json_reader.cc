// SPDX-License-Identifier: GPL-2.0-only
#include "record/json_reader.h"

#include <algorithm>
#include <linux/netfilter.h>

#include "record/json_event.h"
#include "record/json_outcome.h"
#include "record/json_writer.h"
#include "record/vocabulary.h"

namespace ipt {

namespace {

DearPlace place_from(const JsonObject &from)
{
	return { .netns = from.text("netns"),
		 .family = family_from(from),
		 .nft_family = from.has("nft_family") ? nft_family_from(from) : uint8_t{ 0 },
		 .table = from.text("table"),
		 .chain = from.text("chain"),
		 .number = from.number<uint32_t>("number") };
}

Dear dear_from(const JsonObject &from)
{
	return { .where = place_from(from),
		 .index = from.number<uint8_t>("index"),
		 .match = from.text("match"),
		 .rule = from.text("rule"),
		 .asked = from.number<uint64_t>("asked"),
		 .ns = from.number<uint64_t>("duration_ns") };
}

DearRule dear_rule_from(const JsonObject &from)
{
	return { .where = place_from(from),
		 .handle = from.number_or<uint64_t>("handle", 0),
		 .rule = from.text("rule"),
		 .met = from.number<uint64_t>("met"),
		 .ns = from.number<uint64_t>("duration_ns") };
}

OwnCost own_from(const JsonObject &from)
{
	return { from.number<uint64_t>("event_ns"), from.number<uint32_t>("probe_ns"),
		 from.number<uint32_t>("table_ns"), from.number<uint32_t>("match_ns"),
		 from.number<uint32_t>("clock_ns") };
}

Origin origin_from(const JsonObject &from)
{
	Origin origin{ from.number<uint64_t>("packet"), {}, {}, {} };
	if (from.has("table")) {
		set_name_from(origin.head.emplace().table, from.text("table"));
		origin.head->hook = hook_from(from);
	}
	if (from.has("chain")) {
		origin.rule.emplace();
		origin.chain = from.text("chain");
		origin.rule->number = from.number<uint32_t>("number");
	}
	if (!from.has("nft_family") || !origin.head)
		return origin;
	origin.head->nft_family = nft_family_from(from);
	origin.first_chain = from.text("base_chain");
	if (origin.rule) {
		origin.rule->head.nft_family = origin.head->nft_family;
		origin.rule->handle = from.number<uint64_t>("handle");
	}
	return origin;
}

void place_matches(const JsonObject &from, ChainText &chain)
{
	const auto &of_rules = from.list("matches");
	if (of_rules.size() != chain.rules.size())
		throw BadRecord("not of every rule is told which matches are asked");
	for (size_t i = 0; i < chain.rules.size(); i++) {
		std::vector<uint8_t> &places = chain.rules[i].asked_matches.emplace();
		for (const auto &place : of_rules[i]) {
			if (!place.is_number_unsigned() || place.get<uint64_t>() > UINT8_MAX)
				throw BadRecord("the place of a match is no small number");
			places.push_back(place.get<uint8_t>());
		}
	}
}

void place_xt_matches(const JsonObject &from, ChainText &chain)
{
	const auto &of_rules = from.list("xt_matches");
	if (of_rules.size() != chain.rules.size())
		throw BadRecord("not of every rule is told which matches of x_tables it has");
	for (size_t i = 0; i < chain.rules.size(); i++) {
		for (const auto &match : of_rules[i]) {
			if (!match.is_string())
				throw BadRecord("a match is not a string");
			chain.rules[i].conditions.matches.push_back(printable(match.get_ref<const std::string &>()));
		}
	}
}

std::shared_ptr<const TableText> nft_table_from(const JsonObject &object)
{
	auto text = std::make_shared<TableText>();
	text->is_nft = !object.boolean("iptables");
	for (const auto &item : object.list("chains")) {
		const JsonObject from(item);
		ChainText &chain = text->chains[from.text("name")];
		chain.policy = from.text_or("policy", "-");
		chain.handle = from.number<uint64_t>("handle");
		const auto &rules = from.list("rules");
		const auto &handles = from.list("handles");
		if (rules.size() != handles.size())
			throw BadRecord("not every rule has a handle");
		for (size_t i = 0; i < rules.size(); i++) {
			if (!rules[i].is_string() || !handles[i].is_number_unsigned())
				throw BadRecord("a rule is not a string, or its handle not a number");
			const auto &line = rules[i].get_ref<const std::string &>();
			RuleText &rule =
				chain.rules.emplace_back(text->is_nft ? parse_nft_rule(line) : parse_rule(line));
			rule.handle = handles[i].get<uint64_t>();
		}
		if (!text->is_nft && from.has("matches"))
			place_matches(from, chain);
		if (text->is_nft && from.has("xt_matches"))
			place_xt_matches(from, chain);
	}
	text->index();
	return text;
}

} // namespace

struct JsonReader::Object : JsonObject {
	using JsonObject::JsonObject;
};

Status JsonReader::line(std::string_view text)
{
	try {
		const auto json = nlohmann::json::parse(text);
		take(Object(json));
	} catch (const BadRecord &bad) {
		return Error{ bad.what() };
	} catch (const nlohmann::json::exception &) {
		return Error{ "not JSON, or cut off" };
	}
	return {};
}

void JsonReader::take(const Object &object)
{
	const std::string type = object.text("type");
	if (type == "start")
		return take_start(object);
	if (!started_)
		throw BadRecord("it does not begin as a recording of iptables-trace does");
	if (type == "enter" || type == "rule" || type == "leave" || type == "matches")
		take_event(object);
	else if (type == "packet")
		take_packet(object);
	else if (type == "ruleset")
		take_ruleset(object);
	else if (type == "nft_ruleset")
		take_nft_ruleset(object);
	else if (type == "summary")
		take_summary(object);
	// What a later version adds beside these can be done without.
}

void JsonReader::take_start(const Object &object)
{
	const auto version = object.number<unsigned int>("version");
	if (version != kRecordVersion)
		throw BadRecord(
			fmt::format("a recording of version {}, this tool reads version {}", version, kRecordVersion));
	started_ = true;
	handler_.start({ object.text("tool"), object.text("kernel"), wall_ns_from(object.text("time")),
			 object.text("selection"), object.text("place") });
}

void JsonReader::take_ruleset(const Object &object)
{
	auto text = std::make_shared<TableText>();
	for (const auto &item : object.list("chains")) {
		const JsonObject from(item);
		ChainText &chain = text->chains[from.text("name")];
		chain.policy = from.text_or("policy", "-");
		for (const auto &rule : from.list("rules")) {
			if (!rule.is_string())
				throw BadRecord("a rule is not a string");
			chain.rules.push_back(parse_rule(rule.get_ref<const std::string &>()));
		}
	}
	keep({ { object.number<uint32_t>("netns_inode"), family_from(object), object.text("table") },
	       object.number<uint64_t>("ruleset") },
	     std::move(text));
}

void JsonReader::take_nft_ruleset(const Object &object)
{
	const TableKey table{ object.number<uint32_t>("netns_inode"), nft_family_from(object), object.text("table"),
			      true, object.number_or<uint64_t>("netns_cookie", 0) };
	const auto same = rulesets_.find({ table, object.number_or<uint64_t>("same_as", 0) });
	keep({ table, object.number<uint64_t>("ruleset") },
	     same == rulesets_.end() ? nft_table_from(object) : same->second);
}

void JsonReader::keep(const RulesetKey &key, std::shared_ptr<const TableText> text)
{
	rulesets_[key] = std::move(text);
	std::erase(by_age_, key);
	by_age_.push_back(key);
	if (by_age_.size() > kRecordedRulesets) {
		rulesets_.erase(by_age_.front());
		by_age_.pop_front();
	}
}

Binding JsonReader::rules_of(const Head &head, const Object &object) const
{
	if (object.has("rules_unknown"))
		return { nullptr, object.text("rules_unknown") };
	const auto found = rulesets_.find({ key_of(head), head.ruleset });
	if (found == rulesets_.end())
		return { nullptr, "the recording does not hold them" };
	return { found->second, {} };
}

Traversal &JsonReader::walk_of(const Head &head, const Object &object)
{
	if (packet_.number != head.packet) {
		hand_over();
		packet_.number = head.packet;
		packet_.first = head;
	}
	packet_.last_time = head.time;
	auto &walks = packet_.traversals;
	if (walks.empty() || walks.back().head.traversal != head.traversal) {
		Traversal &walk = walks.emplace_back();
		walk.head = head;
		walk.rules_text = rules_of(head, object);
		walk.gap = object.is("gap");
	}
	return walks.back();
}

void JsonReader::take_event(const Object &object)
{
	const Event event = event_from(object, object.text("type"));
	const Head &head = head_of(event);
	netns_names_[{ head.netns, head.netns_cookie }] = object.text("netns");
	Traversal &walk = walk_of(head, object);
	put(walk, event);
	if (object.has("owner"))
		walk.owner = owner_from(object.object("owner"));
	handler_.event(event, walk);
}

void JsonReader::take_outcome(const JsonObject &object)
{
	packet_.outcome = outcome_from(object, packet_.traversals.back().head);
	const Head &head = packet_.outcome->head;
	if (object.has("netns"))
		netns_names_[{ head.netns, head.netns_cookie }] = object.text("netns");
}

void JsonReader::take_packet(const Object &object)
{
	if (!packet_.number || packet_.number != object.number<uint64_t>("packet"))
		throw BadRecord("a packet that has no event");
	const std::string seen = object.text("seen");
	const auto kind = std::find(kSeenWords.begin(), kSeenWords.end(), seen);
	if (kind == kSeenWords.end())
		throw BadRecord("\"seen\" is none of complete, lost, unknown");
	packet_.completeness = { .kind = static_cast<Completeness::Kind>(kind - kSeenWords.begin()),
				 .lost = object.number_or<uint64_t>("lost", 0),
				 .perhaps_more = object.is("perhaps_more"),
				 .reason = object.text_or("reason", "") };
	packet_.continued = object.is("continued");
	if (object.has("made_by"))
		packet_.origin = origin_from(object.object("made_by"));
	if (object.has("ended_in"))
		take_outcome(object.object("ended_in"));
	handler_.packet(std::move(packet_));
	packet_ = {};
}

void JsonReader::take_summary(const Object &object)
{
	hand_over();
	Summary summary{ object.number<uint64_t>("packets"), object.number<uint64_t>("events"), {} };
	for (const auto &item : object.list("losses")) {
		const JsonObject from(item);
		summary.losses.push_back({ from.number<uint64_t>("count"), from.text("what") });
	}
	summary.left_out = object.number<uint64_t>("left_out");
	summary.held_back = object.number<uint64_t>("held_back");
	if (object.has("guessed"))
		summary.guessed = object.number<uint64_t>("guessed");
	if (object.has("observed")) {
		const JsonObject from = object.object("observed");
		summary.observed = { from.number<uint64_t>("matches"), from.number<uint64_t>("busy"),
				     from.number<uint64_t>("unknown") };
	}
	if (object.has("own"))
		summary.own = own_from(object.object("own"));
	if (object.has("dearest_rules")) {
		for (const auto &item : object.list("dearest_rules"))
			summary.dearest_rules.push_back(dear_rule_from(JsonObject(item)));
	}
	if (object.has("dearest")) {
		for (const auto &item : object.list("dearest"))
			summary.dearest.push_back(dear_from(JsonObject(item)));
	}
	handler_.summary(summary);
}

// A packet whose own line is missing: the recording was cut off.
void JsonReader::hand_over()
{
	if (!packet_.number)
		return;
	packet_.completeness = { .kind = Completeness::Kind::unknown,
				 .reason = "the recording ends before the packet does" };
	handler_.packet(std::move(packet_));
	packet_ = {};
}

void JsonReader::finish()
{
	hand_over();
}

std::string JsonReader::netns_name(const Head &head) const
{
	const auto found = netns_names_.find({ head.netns, head.netns_cookie });
	return found == netns_names_.end() ? fmt::format("{}", head.netns) : found->second;
}

} // namespace ipt
