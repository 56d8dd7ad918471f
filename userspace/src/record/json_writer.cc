// SPDX-License-Identifier: GPL-2.0-only
#include "record/json_writer.h"

#include <algorithm>
#include <ctime>
#include <linux/netfilter.h>

#include "event/arp.h"
#include "event/names.h"
#include "pipeline/met.h"
#include "record/json_outcome.h"
#include "record/vocabulary.h"

namespace ipt {

namespace {

constexpr int64_t kSecond = 1'000'000'000;

void hex(std::string &to, const uint8_t *bytes, size_t size)
{
	static constexpr char digits[] = "0123456789abcdef";
	const size_t at = to.size();
	to.resize(at + 2 * size);
	for (size_t i = 0; i < size; i++) {
		to[at + 2 * i] = digits[bytes[i] >> 4];
		to[at + 2 * i + 1] = digits[bytes[i] & 15];
	}
}

void device(JsonText &json, const JsonKey &key, const ipt_event_dev &dev)
{
	if (dev.ifindex)
		json.open(key).number("index", dev.ifindex).text("name", name_of(dev.name)).close();
}

void connection(JsonText &json, const PacketFields &packet)
{
	if (packet.connection == IPT_EVENT_CT_NONE)
		return;
	json.open("connection").word("state", connection_name(packet.connection)).boolean("reply", packet.reply);
	json.number("status", packet.ct_status).number("mark", packet.ct_mark).close();
}

void arp_fields(JsonText &json, const PacketFields &packet)
{
	const Arp arp = arp_of(packet);
	json.open("arp").text("operation", arp_operation_name(arp.operation));
	json.number("operation_number", arp.operation).number("hardware", arp.hardware);
	json.number("hardware_length", arp.hardware_length).number("protocol", arp.protocol);
	json.number("protocol_length", arp.protocol_length);
	if (has_arp_addresses(packet)) {
		json.word("sender", address_text(NFPROTO_IPV4, packet.source));
		json.word("sender_ethernet", ethernet_text(packet.source));
		json.word("target", address_text(NFPROTO_IPV4, packet.destination));
		json.word("target_ethernet", ethernet_text(packet.destination));
	}
	json.number("length", packet.length);
	if (packet.fields & IPT_EVENT_CUT)
		json.boolean("cut", true);
	json.number("mark", packet.mark).close();
}

void fields(JsonText &json, uint8_t family, const PacketFields &packet)
{
	if (family == NFPROTO_ARP)
		return arp_fields(json, packet);
	const auto has = [&packet](unsigned int field) { return packet.fields & field; };
	json.open("ip").word("protocol", protocol_name(packet.protocol)).number("protocol_number", packet.protocol);
	json.word("source", address_text(family, packet.source));
	json.word("destination", address_text(family, packet.destination));
	if (has(IPT_EVENT_PORTS))
		json.number("source_port", packet.source_port).number("destination_port", packet.destination_port);
	if (has(IPT_EVENT_TCP))
		json.word("tcp_flags", tcp_flag_names(packet.tcp_flags));
	if (has(IPT_EVENT_ICMP))
		json.number("icmp_type", packet.icmp_type).number("icmp_code", packet.icmp_code);
	if (has(IPT_EVENT_ECHO))
		json.number("echo_id", packet.echo_id).number("echo_seq", packet.echo_seq);
	json.number("length", packet.length).number("ttl", packet.ttl).number("tos", packet.tos);
	if (has(IPT_EVENT_ID))
		json.number("id", packet.id);
	if (has(IPT_EVENT_FRAGMENT))
		json.number("fragment_offset", packet.fragment_offset).boolean("more_fragments", has(IPT_EVENT_MORE));
	if (has(IPT_EVENT_EXTENDED))
		json.boolean("options", true);
	if (has(IPT_EVENT_AH))
		json.boolean("ah", true);
	if (has(IPT_EVENT_CUT))
		json.boolean("cut", true);
	json.number("mark", packet.mark);
	connection(json, packet);
	json.close();
}

void owner_of(JsonText &json, const Owner &owner)
{
	json.open("owner").number("uid", owner.uid).number("socket", owner.socket);
	if (owner.pid)
		json.number("pid", owner.pid).text("process", owner.process);
	json.boolean("sending", owner.sending);
	if (owner.cgroup_id)
		json.number("cgroup_id", owner.cgroup_id);
	if (!owner.cgroup.empty())
		json.text("cgroup", owner.cgroup);
	if (const Container &container = owner.container; !container.runtime.empty()) {
		json.open("container").text("runtime", container.runtime);
		if (!container.id.empty())
			json.text("id", container.id);
		if (!container.name.empty())
			json.text("name", container.name);
		json.close();
	}
	json.close();
}

void made_by(JsonText &json, const Origin &origin)
{
	const bool is_nft = origin.head && origin.head->nft_family;
	if (origin.head)
		json.text("table", name_of(origin.head->table)).word("hook", hook_name(origin.head->hook));
	if (is_nft)
		json.word("nft_family", nft_family_name(origin.head->nft_family))
			.text("base_chain", origin.first_chain);
	if (origin.rule)
		json.text("chain", origin.chain).number("number", origin.rule->number);
	if (is_nft && origin.rule)
		json.number("handle", origin.rule->handle);
}

void no_match(JsonText &json, const std::vector<Passed> &rules)
{
	json.open_list("no_match");
	for (const Passed &passed : rules) {
		json.open().number("number", passed.number);
		if (passed.rule->handle)
			json.number("handle", passed.rule->handle);
		json.text("text", passed.rule->text).open_list("unmet");
		for (const Unmet &unmet : passed.unmet) {
			json.open().text("condition", unmet.condition);
			if (!unmet.packet.empty())
				json.text("packet", unmet.packet);
			if (!unmet.meaning.empty())
				json.text("meaning", unmet.meaning);
			json.close();
		}
		json.close_list().open_list("suspects");
		for (const std::string_view suspect : passed.suspects)
			json.text(suspect);
		json.close_list().close();
	}
	json.close_list();
}

void asked_matches(JsonText &json, const ChainText &chain)
{
	json.open_list("matches");
	for (const RuleText &rule : chain.rules) {
		json.open_list();
		for (const uint8_t place : rule.asked_matches.value_or(std::vector<uint8_t>()))
			json.number(place);
		json.close_list();
	}
	json.close_list();
}

// Where there are any.
void xt_matches(JsonText &json, const ChainText &chain)
{
	if (std::all_of(chain.rules.begin(), chain.rules.end(),
			[](const RuleText &rule) { return rule.conditions.matches.empty(); }))
		return;
	json.open_list("xt_matches");
	for (const RuleText &rule : chain.rules) {
		json.open_list();
		for (const std::string &match : rule.conditions.matches)
			json.text(match);
		json.close_list();
	}
	json.close_list();
}

void chains(JsonText &json, const TableText &table, bool with_handles)
{
	json.open_list("chains");
	for (const auto &[name, chain] : table.chains) {
		json.open().text("name", name);
		if (with_handles)
			json.number("handle", chain.handle);
		if (chain.policy != "-")
			json.text("policy", chain.policy);
		json.open_list("rules");
		for (const RuleText &rule : chain.rules)
			json.text(rule.text);
		json.close_list();
		if (with_handles) {
			json.open_list("handles");
			for (const RuleText &rule : chain.rules)
				json.number(rule.handle);
			json.close_list();
		}
		if (table.is_nft)
			xt_matches(json, chain);
		else if (with_handles)
			asked_matches(json, chain);
		json.close();
	}
	json.close_list();
}

} // namespace

const std::string &UtcText::operator()(int64_t wall_ns)
{
	const int64_t second = wall_ns / kSecond;
	if (second != second_ || text_.empty()) {
		const time_t seconds = second;
		tm utc{};
		gmtime_r(&seconds, &utc);
		text_ = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000000000Z", utc.tm_year + 1900,
				    utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
		second_ = second;
	}
	set_digits(text_, text_.size() - 10, 9, wall_ns % kSecond);
	return text_;
}

void JsonWriter::head(JsonText &json, const Head &head, std::string_view type, const Traversal &walk)
{
	json.open().word("type", type).word("time", utc_(clock_.wall_ns(head.time)));
	json.number("packet", head.packet).number("seq", head.seq).number("walk", head.traversal);
	if (head.parent_packet)
		json.number("parent_packet", head.parent_packet).number("parent_walk", head.parent);
	json.text("netns", netns_name_(head)).number("netns_inode", head.netns);
	if (head.netns_cookie)
		json.number("netns_cookie", head.netns_cookie);
	json.number("cpu", head.cpu).word("family", family_word(head.family));
	if (head.nft_family)
		json.word("nft_family", nft_family_name(head.nft_family));
	json.text("table", name_of(head.table));
	json.word("hook", hook_name(head.hook)).number("ruleset", head.ruleset);
	if (!walk.rules_text.text)
		json.text("rules_unknown", walk.rules_text.why_not);
	if (walk.gap)
		json.boolean("gap", true);
	json.open_list("flags");
	for (const auto &[bit, word] : kFlagWords) {
		if (head.flags & bit)
			json.word(word);
	}
	json.close_list();
}

void JsonWriter::event(std::string &to, const Enter &enter, const Traversal &walk)
{
	JsonText json(to);
	head(json, enter.head, "enter", walk);
	if (enter.head.nft_family)
		json.open("base_chain").text("name", name_of(enter.chain)).number("handle", enter.handle).close();
	json.number("priority", enter.priority);
	device(json, "in", enter.in);
	device(json, "out", enter.out);
	fields(json, enter.head.family, enter.packet);
	if (walk.owner)
		owner_of(json, *walk.owner);
	if (enter.header_len) {
		json.word("header", "");
		to.pop_back();
		hex(to, enter.header, enter.header_len);
		to += '"';
	}
	json.close();
	to += '\n';
}

void JsonWriter::event(std::string &to, const Rule &rule, const Traversal &walk, const std::vector<Passed> *passed)
{
	const Met what = met(rule, walk.rules_text);
	JsonText json(to);
	head(json, rule.head, "rule", walk);
	json.text("chain", name_of(rule.chain)).number("number", rule.number);
	if (rule.head.nft_family) {
		json.number("handle", rule.handle).word("verdict", nft_verdict_name(rule.verdict));
		json.number("verdict_number", rule.verdict);
	}
	json.word("kind", kind_word(rule.kind));
	json.word("what", what.word()).text("text", what.text);
	if (what.rule && !what.rule->target.empty())
		json.text("target", what.rule->target);
	json.number("mark", rule.mark).number("connection_mark", rule.ct_mark);
	if (is_timed(rule.head))
		json.number("segment_ns", rule.net);
	if (passed)
		no_match(json, *passed);
	json.close();
	to += '\n';
}

void JsonWriter::event(std::string &to, const Matches &matches, const Traversal &walk, std::string_view chain)
{
	JsonText json(to);
	head(json, matches.head, "matches", walk);
	if (matches.ether_source)
		json.word("source_ethernet", ethernet_text(*matches.ether_source));
	json.open_list("matches");
	for (const Match &match : matches.match) {
		json.open().number("number", match.number).number("index", match.index).boolean("yes", match.yes);
		if (match.hotdrop)
			json.boolean("hotdrop", true);
		json.number("duration_ns", match.duration);
		if (match.program)
			json.number("program", match.program);
		if (!match.program_name.empty())
			json.text("program_name", match.program_name);
		if (const auto nonzero = returned_nonzero(match, walk, chain))
			json.word("returned", *nonzero ? "nonzero" : "0");
		json.close();
	}
	json.close_list().close();
	to += '\n';
}

void JsonWriter::event(std::string &to, const Leave &leave, const Traversal &walk, const Explanation &explanation)
{
	JsonText json(to);
	head(json, leave.head, "leave", walk);
	json.word("verdict", verdict_name(leave.verdict)).number("verdict_number", leave.verdict);
	json.number("duration_ns", leave.duration);
	if (is_timed(leave.head))
		json.number("net_ns", leave.net);
	if (walk.enter && walk.enter->head.missed != leave.head.missed)
		json.boolean("missed", true);
	fields(json, leave.head.family, leave.packet);
	if (!explanation.dropped_by.empty()) {
		const Match &match = *explanation.dropped_by.back();
		json.open("dropped_by").text("chain", explanation.chain).number("number", match.number);
		json.number("index", match.index).close();
	}
	if (!explanation.behind.empty() || !explanation.dropped_by.empty())
		no_match(json, explanation.behind);
	json.close();
	to += '\n';
}

// Once in a file, or again if so many others came since that a reader has forgotten it.
void JsonWriter::ruleset(std::string &to, const Traversal &walk)
{
	const auto &text = walk.rules_text.text;
	if (!text || (text == last_.first && walk.head.ruleset == last_.second))
		return;
	last_ = { text, walk.head.ruleset };
	if (std::find(written_.begin(), written_.end(), last_) != written_.end())
		return;
	// Another generation of nf_tables may have left the rules of this table as they were.
	const auto same = std::find_if(written_.begin(), written_.end(),
				       [&text](const Written &written) { return written.first == text; });
	const uint64_t same_as = same == written_.end() ? 0 : same->second;
	written_.push_back(last_);
	if (written_.size() > kRecordedRulesets)
		written_.pop_front();

	JsonText json(to);
	const uint8_t nft_family = walk.head.nft_family;
	json.open().word("type", nft_family ? "nft_ruleset" : "ruleset").number("netns_inode", walk.head.netns);
	if (!nft_family)
		json.word("family", family_word(walk.head.family));
	else if (walk.head.netns_cookie)
		json.number("netns_cookie", walk.head.netns_cookie);
	if (nft_family)
		json.word("nft_family", nft_family_name(nft_family)).boolean("iptables", !text->is_nft);
	json.text("table", name_of(walk.head.table)).number("ruleset", walk.head.ruleset);
	if (nft_family && same_as)
		json.number("same_as", same_as);
	else
		chains(json, *text, nft_family);
	json.close();
	to += '\n';
}

void JsonWriter::walk(std::string &to, const Traversal &walk)
{
	ruleset(to, walk);
	if (walk.enter)
		event(to, *walk.enter, walk);
	const Explanation explanation = explain_ ? explain(walk) : Explanation{};
	auto matches = walk.matches.begin();
	const auto observed_before = [&](uint32_t seq, std::string_view chain) {
		for (; matches != walk.matches.end() && matches->head.seq < seq; matches++)
			event(to, *matches, walk, chain);
	};
	for (size_t i = 0; i < walk.rules.size(); i++) {
		observed_before(walk.rules[i].head.seq, chain_of(walk.rules[i], walk.rules_text.text.get()));
		event(to, walk.rules[i], walk, i < explanation.before.size() ? &explanation.before[i] : nullptr);
	}
	observed_before(UINT32_MAX, explanation.chain);
	if (walk.leave)
		event(to, *walk.leave, walk, explanation);
}

void JsonWriter::packet(std::string &to, const PacketTrace &trace)
{
	JsonText json(to);
	json.open().word("type", "packet").word("time", utc_(clock_.wall_ns(trace.last_time)));
	json.number("packet", trace.number).word("seen", kSeenWords[static_cast<size_t>(trace.completeness.kind)]);
	if (trace.completeness.kind == Completeness::Kind::lost)
		json.number("lost", trace.completeness.lost);
	if (trace.completeness.perhaps_more)
		json.boolean("perhaps_more", true);
	if (trace.completeness.kind == Completeness::Kind::unknown)
		json.text("reason", trace.completeness.reason);
	if (trace.continued)
		json.boolean("continued", true);
	if (const auto &origin = trace.origin) {
		json.open("made_by").number("packet", origin->packet);
		made_by(json, *origin);
		json.close();
	}
	write_outcome(json, trace, netns_name_);
	json.close();
	to += '\n';
}

void JsonWriter::start(std::string &to, const Start &start)
{
	written_.clear();
	last_ = {};
	JsonText json(to);
	json.open().word("type", "start").number("version", kRecordVersion).text("tool", start.tool);
	json.word("time", utc_(start.wall_ns)).text("kernel", start.kernel);
	json.text("selection", start.selection).text("place", start.place).close();
	to += '\n';
}

} // namespace ipt
