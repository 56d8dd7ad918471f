// SPDX-License-Identifier: GPL-2.0-only
#include "record/json_event.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <linux/netfilter.h>

#include "event/arp.h"
#include "event/names.h"
#include "record/vocabulary.h"

namespace ipt {

namespace {

constexpr int64_t kSecond = 1'000'000'000;

void set_address(uint8_t (&to)[IPT_EVENT_ADDR_LEN], uint8_t family, const std::string &text)
{
	if (inet_pton(family == NFPROTO_IPV6 ? AF_INET6 : AF_INET, text.c_str(), to) != 1)
		throw BadRecord(fmt::format("\"{}\" is not an address", text));
}

int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void set_header(Enter &enter, const std::string &hex)
{
	if (hex.size() % 2 || hex.size() / 2 > sizeof(enter.header))
		throw BadRecord("\"header\" has a length that it cannot have");
	for (size_t i = 0; i < hex.size(); i += 2) {
		const int high = digit(hex[i]);
		const int low = digit(hex[i + 1]);
		if (high < 0 || low < 0)
			throw BadRecord("\"header\" is not hexadecimal");
		enter.header[i / 2] = static_cast<uint8_t>(high << 4 | low);
	}
	enter.header_len = static_cast<uint32_t>(hex.size() / 2);
}

ipt_event_dev device(const JsonObject &object, const char *key)
{
	ipt_event_dev dev{};
	if (!object.has(key))
		return dev;
	const JsonObject from = object.object(key);
	dev.ifindex = from.number<uint32_t>("index");
	set_name_from(dev.name, from.text("name"));
	return dev;
}

void set_connection(PacketFields &packet, const JsonObject &object)
{
	if (!object.has("connection"))
		return;
	const JsonObject from = object.object("connection");
	const std::string state = from.text("state");
	for (uint8_t n = IPT_EVENT_CT_NEW; n <= IPT_EVENT_CT_UNTRACKED; n++) {
		if (state == connection_name(n))
			packet.connection = n;
	}
	packet.reply = from.boolean("reply");
	packet.ct_status = from.number<uint32_t>("status");
	packet.ct_mark = from.number<uint32_t>("mark");
}

void set_arp_end(uint8_t (&to)[IPT_EVENT_ADDR_LEN], const JsonObject &from, const char *address, const char *ethernet)
{
	set_address(to, NFPROTO_IPV4, from.text(address));
	if (const std::string text = from.text(ethernet); !set_ethernet(to, text))
		throw BadRecord(fmt::format("\"{}\" is not an address of Ethernet", text));
}

PacketFields arp_fields(const JsonObject &event)
{
	const JsonObject from = event.object("arp");
	PacketFields packet{};
	set_arp(packet, { .operation = from.number<uint16_t>("operation_number"),
			  .hardware = from.number<uint16_t>("hardware"),
			  .protocol = from.number<uint16_t>("protocol"),
			  .hardware_length = from.number<uint8_t>("hardware_length"),
			  .protocol_length = from.number<uint8_t>("protocol_length") });
	if (from.has("sender")) {
		packet.fields |= IPT_EVENT_ARP;
		set_arp_end(packet.source, from, "sender", "sender_ethernet");
		set_arp_end(packet.destination, from, "target", "target_ethernet");
	}
	packet.fields |= static_cast<uint16_t>(from.is("cut") ? IPT_EVENT_CUT : 0);
	packet.length = from.number<uint32_t>("length");
	packet.mark = from.number<uint32_t>("mark");
	return packet;
}

PacketFields fields(const JsonObject &event, uint8_t family)
{
	if (family == NFPROTO_ARP)
		return arp_fields(event);
	const JsonObject from = event.object("ip");
	PacketFields packet{};
	const auto field = [&](const char *key, unsigned int bit, auto &to) {
		if (!from.has(key))
			return;
		packet.fields |= static_cast<uint16_t>(bit);
		to = from.number<std::remove_reference_t<decltype(to)>>(key);
	};
	packet.protocol = from.number<uint8_t>("protocol_number");
	set_address(packet.source, family, from.text("source"));
	set_address(packet.destination, family, from.text("destination"));
	field("source_port", IPT_EVENT_PORTS, packet.source_port);
	field("destination_port", IPT_EVENT_PORTS, packet.destination_port);
	if (from.has("tcp_flags")) {
		packet.fields |= IPT_EVENT_TCP;
		packet.tcp_flags = tcp_flags_of(from.text("tcp_flags"));
	}
	field("icmp_type", IPT_EVENT_ICMP, packet.icmp_type);
	field("icmp_code", IPT_EVENT_ICMP, packet.icmp_code);
	field("echo_id", IPT_EVENT_ECHO, packet.echo_id);
	field("echo_seq", IPT_EVENT_ECHO, packet.echo_seq);
	field("id", IPT_EVENT_ID, packet.id);
	field("fragment_offset", IPT_EVENT_FRAGMENT, packet.fragment_offset);
	packet.fields |= static_cast<uint16_t>(
		(from.is("more_fragments") ? IPT_EVENT_MORE : 0) | (from.is("options") ? IPT_EVENT_EXTENDED : 0) |
		(from.is("ah") ? IPT_EVENT_AH : 0) | (from.is("cut") ? IPT_EVENT_CUT : 0));
	packet.length = from.number<uint32_t>("length");
	packet.ttl = from.number<uint8_t>("ttl");
	packet.tos = from.number<uint8_t>("tos");
	packet.mark = from.number<uint32_t>("mark");
	set_connection(packet, from);
	return packet;
}

uint16_t flags(const JsonObject &object)
{
	uint16_t bits = 0;
	for (const auto &item : object.list("flags")) {
		for (const auto &[bit, word] : kFlagWords) {
			if (item.is_string() && item.get_ref<const std::string &>() == word)
				bits |= bit;
		}
	}
	return bits;
}

// Packets of ARP are in tables of that family alone, and no others are; on their way they are at two hooks.
void judge_arp(const Head &head)
{
	const bool is_arp = head.family == NFPROTO_ARP;
	if (is_arp != (head.nft_family == IPT_EVENT_NFT_ARP))
		throw BadRecord("\"family\" and \"nft_family\" are not both arp");
	if (is_arp && head.hook != NF_INET_LOCAL_IN && head.hook != NF_INET_LOCAL_OUT)
		throw BadRecord("\"hook\" is none that packets of ARP come to");
}

Head head_from(const JsonObject &object, uint8_t type, size_t size)
{
	Head head{};
	head.version = IPT_EVENT_VERSION;
	head.type = type;
	head.size = static_cast<uint32_t>(size);
	head.family = family_from(object);
	head.time = static_cast<uint64_t>(wall_ns_from(object.text("time")));
	head.packet = object.number<uint64_t>("packet");
	head.traversal = object.number<uint64_t>("walk");
	head.seq = object.number<uint32_t>("seq");
	if (!head.packet || !head.traversal || !head.seq)
		throw BadRecord("an event without a number");
	head.parent_packet = object.number_or<uint64_t>("parent_packet", 0);
	head.parent = object.number_or<uint64_t>("parent_walk", 0);
	head.ruleset = object.number<uint64_t>("ruleset");
	head.netns = object.number<uint32_t>("netns_inode");
	head.netns_cookie = object.number_or<uint64_t>("netns_cookie", 0);
	head.cpu = object.number<uint32_t>("cpu");
	head.flags = flags(object);
	head.hook = hook_from(object);
	head.nft_family = object.has("nft_family") ? nft_family_from(object) : uint8_t{ 0 };
	judge_arp(head);
	set_name_from(head.table, object.text("table"));
	return head;
}

template <typename T>
void set_net(T &event, const JsonObject &object, const char *key)
{
	if (!object.has(key))
		return;
	event.head.flags |= IPT_EVENT_TIMED;
	event.net = object.number<uint32_t>(key);
}

Enter enter_from(const JsonObject &object)
{
	Enter enter{};
	enter.head = head_from(object, IPT_EVENT_ENTER, sizeof(enter));
	enter.in = device(object, "in");
	enter.out = device(object, "out");
	enter.packet = fields(object, enter.head.family);
	enter.priority = object.number<int32_t>("priority");
	if (enter.head.nft_family) {
		const JsonObject chain = object.object("base_chain");
		set_name_from(enter.chain, chain.text("name"));
		enter.handle = chain.number<uint64_t>("handle");
	}
	if (object.has("header"))
		set_header(enter, object.text("header"));
	return enter;
}

Rule rule_from(const JsonObject &object)
{
	Rule rule{};
	rule.head = head_from(object, IPT_EVENT_RULE, sizeof(rule));
	set_name_from(rule.chain, object.text("chain"));
	rule.number = object.number<uint32_t>("number");
	const auto at = std::find(kKindWords.begin(), kKindWords.end(), object.text("kind"));
	if (at == kKindWords.end())
		throw BadRecord("\"kind\" is none that a rule has");
	rule.kind = static_cast<uint8_t>(at - kKindWords.begin() + 1);
	rule.mark = object.number<uint32_t>("mark");
	rule.ct_mark = object.number<uint32_t>("connection_mark");
	if (rule.head.nft_family) {
		rule.handle = object.number<uint64_t>("handle");
		rule.verdict = object.number<int32_t>("verdict_number");
	}
	set_net(rule, object, "segment_ns");
	return rule;
}

Matches matches_from(const JsonObject &object)
{
	Matches matches;
	for (const auto &item : object.list("matches")) {
		const JsonObject from(item);
		matches.match.push_back({ .number = from.number<uint32_t>("number"),
					  .index = from.number<uint8_t>("index"),
					  .yes = from.boolean("yes"),
					  .hotdrop = from.is("hotdrop"),
					  .duration = from.number<uint32_t>("duration_ns"),
					  .program = from.number_or<uint32_t>("program", 0),
					  .program_name = from.text_or("program_name", "") });
	}
	if (matches.match.empty() || matches.match.size() > IPT_EVENT_MATCHES_MAX)
		throw BadRecord("\"matches\" are none, or more than there can be");
	size_t size = sizeof(ipt_event_matches) + matches.match.size() * sizeof(ipt_event_match);
	if (object.has("source_ethernet")) {
		matches.ether_source = parse_ethernet(object.text("source_ethernet"));
		if (!matches.ether_source)
			throw BadRecord("\"source_ethernet\" is no address of Ethernet");
		size += sizeof(ipt_event_ether);
	}
	matches.head = head_from(object, IPT_EVENT_MATCHES, size);
	return matches;
}

Leave leave_from(const JsonObject &object)
{
	Leave leave{};
	leave.head = head_from(object, IPT_EVENT_LEAVE, sizeof(leave));
	leave.duration = object.number<uint64_t>("duration_ns");
	leave.packet = fields(object, leave.head.family);
	leave.verdict = object.number<uint32_t>("verdict_number");
	set_net(leave, object, "net_ns");
	// Another count than at the walk's beginning, of which a recording has none.
	leave.head.missed = object.is("missed");
	return leave;
}

} // namespace

Owner owner_from(const JsonObject &object)
{
	Owner owner;
	owner.uid = object.number<uint32_t>("uid");
	owner.socket = object.number<uint32_t>("socket");
	owner.pid = object.number_or<uint32_t>("pid", 0);
	owner.process = object.text_or("process", "");
	owner.sending = object.boolean("sending");
	owner.cgroup_id = object.number_or<uint64_t>("cgroup_id", 0);
	owner.cgroup = object.text_or("cgroup", "");
	if (object.has("container")) {
		const JsonObject container = object.object("container");
		owner.container = { container.text("runtime"), container.text_or("id", ""),
				    container.text_or("name", "") };
	}
	return owner;
}

Event event_from(const JsonObject &object, std::string_view type)
{
	if (type == "enter")
		return enter_from(object);
	if (type == "rule")
		return rule_from(object);
	if (type == "matches")
		return matches_from(object);
	return leave_from(object);
}

uint8_t family_from(const JsonObject &object)
{
	const std::string word = object.text("family");
	if (word != "ipv4" && word != "ipv6" && word != "arp")
		throw BadRecord("\"family\" is none of ipv4, ipv6 and arp");
	return word == "ipv6" ? NFPROTO_IPV6 : word == "arp" ? NFPROTO_ARP : NFPROTO_IPV4;
}

uint8_t nft_family_from(const JsonObject &object)
{
	const uint8_t family = nft_family_of(object.text("nft_family"));
	if (!family)
		throw BadRecord("\"nft_family\" is none that there is");
	return family;
}

uint8_t hook_from(const JsonObject &object)
{
	const auto hook = hook_of(object.text("hook"));
	if (!hook)
		throw BadRecord("\"hook\" is none that there is");
	return *hook;
}

int64_t wall_ns_from(const std::string &utc)
{
	tm parts{};
	unsigned int ns = 0;
	int used = 0;
	if (std::sscanf(utc.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%9uZ%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
			&parts.tm_hour, &parts.tm_min, &parts.tm_sec, &ns, &used) != 7 ||
	    static_cast<size_t>(used) != utc.size())
		throw BadRecord(fmt::format("\"{}\" is not a time", utc));
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	return static_cast<int64_t>(timegm(&parts)) * kSecond + ns;
}

} // namespace ipt
