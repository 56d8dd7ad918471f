// SPDX-License-Identifier: GPL-2.0-only
#include "event/event.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <optional>
#include <type_traits>

#include "event/names.h"
#include "event/parse.h"
#include "util/printable.h"

namespace ipt {

namespace {

template <size_t N>
bool ends_with_zero(const char (&name)[N])
{
	return std::memchr(name, 0, N) != nullptr;
}

// Whoever named a network device must not speak to the terminal of whoever looks at it.
template <size_t N>
void tame(char (&name)[N])
{
	make_printable({ name, strnlen(name, N) });
}

// What is wrong with the head, or nothing.
std::string complaint(const Head &head, size_t record_size)
{
	if (head.version != IPT_EVENT_VERSION)
		return fmt::format("an event of version {}, this tool reads version {}", head.version,
				   IPT_EVENT_VERSION);
	if (head.size != record_size)
		return fmt::format("an event that calls itself {} bytes long in a record of {}", head.size,
				   record_size);
	const bool is_arp = head.family == NFPROTO_ARP;
	if (head.family != NFPROTO_IPV4 && head.family != NFPROTO_IPV6 && !is_arp)
		return fmt::format("an event of protocol family {}", head.family);
	if (head.nft_family && nft_family_name(head.nft_family).empty())
		return fmt::format("an event of a table of nf_tables family {}", head.nft_family);
	if (is_arp != (head.nft_family == IPT_EVENT_NFT_ARP))
		return fmt::format("an event of protocol family {} in nf_tables family {}", head.family,
				   head.nft_family);
	if (head.hook >= NF_INET_NUMHOOKS || (is_arp && head.hook > NF_ARP_OUT))
		return fmt::format("an event at hook {}", head.hook);
	if (head.packet == 0 || head.seq == 0 || head.traversal == 0)
		return "an event without a number";
	if (!ends_with_zero(head.table))
		return "an event with an endless table name";
	return {};
}

// ARP counts its hooks by itself; from here on they have the numbers of those that mean the same.
void take_hook(Head &head)
{
	if (head.family == NFPROTO_ARP)
		head.hook = head.hook == NF_ARP_IN ? NF_INET_LOCAL_IN : NF_INET_LOCAL_OUT;
}

bool take_names(Enter &e)
{
	tame(e.in.name);
	tame(e.out.name);
	tame(e.owner.comm);
	tame(e.chain);
	return ends_with_zero(e.in.name) && ends_with_zero(e.out.name) && ends_with_zero(e.owner.comm) &&
	       ends_with_zero(e.chain);
}

bool take_names(Rule &e)
{
	tame(e.chain);
	return ends_with_zero(e.chain);
}

bool take_names(Leave &)
{
	return true;
}

// Whether an event may be so long.
template <typename T>
bool may_have(size_t size)
{
	return size >= sizeof(T);
}

template <>
bool may_have<Enter>(size_t size)
{
	return size == IPT_EVENT_ENTER_SHORT || size == IPT_EVENT_ENTER_LEGACY || size >= sizeof(Enter);
}

template <>
bool may_have<Rule>(size_t size)
{
	return size == IPT_EVENT_RULE_LEGACY || size >= sizeof(Rule);
}

template <>
bool may_have<Leave>(size_t size)
{
	return size == IPT_EVENT_LEAVE_UNTIMED || size >= sizeof(Leave);
}

// What lies behind the packet's own bytes is nobody's.
void take_header(Enter &e)
{
	e.header_len = std::min<uint32_t>(e.header_len, sizeof(e.header));
	std::memset(e.header + e.header_len, 0, sizeof(e.header) - e.header_len);
}

void take_header(const Rule &) {}
void take_header(const Leave &) {}

template <typename T>
Result<Event> body(std::span<const std::byte> record, bool is_nft)
{
	T event{};
	const bool is_long = record.size() >= sizeof(event);
	// What the others leave out is of nf_tables.
	const bool has_it_all = is_nft && !std::is_same_v<T, Leave>;
	if (!is_long && (has_it_all || !may_have<T>(record.size())))
		return Error{ fmt::format("an event of {} bytes that should have {}", record.size(), sizeof(event)) };
	std::memcpy(&event, record.data(), std::min(record.size(), sizeof(event)));
	if (!is_long)
		event.head.flags &= static_cast<uint16_t>(~IPT_EVENT_TIMED);
	take_header(event);
	take_hook(event.head);
	tame(event.head.table);
	if (!take_names(event))
		return Error{ "an event with an endless name" };
	return Event(event);
}

// As many as it says, and nothing behind them but what it says.
Result<Event> matches(const Head &head, std::span<const std::byte> record)
{
	ipt_event_matches fixed;
	if (record.size() < sizeof(fixed))
		return Error{ fmt::format("an event of {} bytes that should have {}", record.size(), sizeof(fixed)) };
	std::memcpy(&fixed, record.data(), sizeof(fixed));
	record = record.subspan(sizeof(fixed));
	const size_t behind = fixed.ether ? sizeof(ipt_event_ether) : 0;
	if (fixed.count == 0 || fixed.count > IPT_EVENT_MATCHES_MAX ||
	    record.size() != fixed.count * sizeof(ipt_event_match) + behind)
		return Error{ fmt::format("an event of {} matches in {} bytes", fixed.count, head.size) };
	Matches event{ head, {}, {} };
	take_hook(event.head);
	tame(event.head.table);
	event.match.reserve(fixed.count);
	if (fixed.ether) {
		ipt_event_ether ether;
		std::memcpy(&ether, record.last(sizeof(ether)).data(), sizeof(ether));
		event.ether_source = std::to_array(ether.source);
		record = record.first(record.size() - sizeof(ether));
	}
	for (; !record.empty(); record = record.subspan(sizeof(ipt_event_match))) {
		ipt_event_match raw;
		std::memcpy(&raw, record.data(), sizeof(raw));
		if (raw.number == 0)
			return Error{ "a match of a rule without a number" };
		event.match.push_back({ .number = raw.number,
					.index = raw.index,
					.yes = (raw.flags & IPT_EVENT_MATCH_YES) != 0,
					.hotdrop = (raw.flags & IPT_EVENT_MATCH_HOTDROP) != 0,
					.duration = raw.duration,
					.program = raw.program });
	}
	return Event(std::move(event));
}

// Of an event in a walk, what its head has of its own.
struct Moment {
	uint8_t type;
	size_t size;
	uint64_t time;
	uint32_t cpu;
	unsigned int flags;
};

class Walk {
public:
	// head: of the walk.
	Walk(const Head &head, std::vector<Event> &events) : head_(head), seq_(head.seq), events_(events) {}

	void enter(const ipt_event_walk &walk)
	{
		Enter event{};
		const unsigned int flags = head_.flags & ~static_cast<unsigned int>(IPT_EVENT_TIMED);
		event.head = head_at({ IPT_EVENT_ENTER, sizeof(event), head_.time, head_.cpu, flags });
		event.in = walk.in;
		event.out = walk.out;
		event.packet = parse_packet(head_.family, { walk.header, walk.header_len });
		set_state(event.packet, walk, walk.ct_state);
		event.priority = walk.priority;
		if (flags & IPT_EVENT_OWNED)
			event.owner = walk.owner;
		event.header_len = walk.header_len;
		std::memcpy(event.header, walk.header, walk.header_len);
		if (head_.nft_family) {
			event.handle = walk.handle;
			std::memcpy(event.chain, walk.chain, sizeof(event.chain));
		}
		add(event);
	}

	void rule(const ipt_event_walk_rule &rule)
	{
		Rule event{};
		event.head = head_at({ IPT_EVENT_RULE, sizeof(event), rule.time, rule.cpu, later_flags(rule.flags) });
		std::memcpy(event.chain, rule.chain, sizeof(event.chain));
		event.number = rule.number;
		event.mark = rule.mark;
		event.ct_mark = rule.ct_mark;
		event.kind = rule.kind;
		event.handle = rule.handle;
		event.verdict = rule.verdict;
		event.net = rule.net;
		add(event);
	}

	// header: the packet's first bytes, as of then.
	void leave(const ipt_event_walk_end &end, std::span<const uint8_t> header)
	{
		Leave event{};
		event.head = head_at({ IPT_EVENT_LEAVE, sizeof(event), end.time, end.cpu, later_flags(end.flags) });
		event.head.missed = end.missed;
		event.head.ruleset = end.ruleset;
		event.head.replacements = end.replacements;
		event.duration = end.time - head_.time;
		event.packet = parse_packet(head_.family, header);
		set_state(event.packet, end, end.ct_state);
		event.verdict = end.verdict;
		event.net = end.net;
		add(event);
	}

	// Whether all names had an end.
	bool sound() const { return sound_; }

private:
	Head head_at(const Moment &moment)
	{
		Head head = head_;
		head.type = moment.type;
		head.size = static_cast<uint32_t>(moment.size);
		head.time = moment.time;
		head.cpu = moment.cpu;
		head.flags = static_cast<uint16_t>(moment.flags);
		head.seq = seq_++;
		return head;
	}

	// Some things are said once, at the beginning.
	unsigned int later_flags(unsigned int flags) const
	{
		return flags | (head_.flags & (IPT_EVENT_CHILD | IPT_EVENT_TIMED));
	}

	template <typename From>
	static void set_state(PacketFields &packet, const From &from, uint8_t connection)
	{
		packet.length = from.length;
		packet.mark = from.mark;
		packet.ct_status = from.ct_status;
		packet.ct_mark = from.ct_mark;
		set_connection(packet, connection);
	}

	template <typename T>
	void add(T &event)
	{
		if (!(head_.flags & IPT_EVENT_TIMED))
			forget_time(event);
		tame(event.head.table);
		sound_ = take_names(event) && sound_;
		events_.push_back(event);
	}

	static void forget_time(Enter &) {}
	static void forget_time(Rule &event) { event.net = 0; }
	static void forget_time(Leave &event) { event.net = 0; }

	Head head_;
	uint32_t seq_;
	std::vector<Event> &events_;
	bool sound_ = true;
};

// How many rules there is room for in a walk's record; none if it is too short for what it says.
std::optional<size_t> room_for_rules(const ipt_event_walk &walk, size_t record_size)
{
	size_t size = record_size - sizeof(walk);
	if (walk.parts & IPT_EVENT_PART_HEADER) {
		if (size < IPT_EVENT_HEADER_LEN)
			return {};
		size -= IPT_EVENT_HEADER_LEN;
	}
	return size / sizeof(ipt_event_walk_rule);
}

Status walk(Head head, std::span<const std::byte> record, std::vector<Event> &events)
{
	ipt_event_walk walk;
	if (record.size() < sizeof(walk))
		return Error{ fmt::format("a walk of {} bytes that should have {}", record.size(), sizeof(walk)) };
	std::memcpy(&walk, record.data(), sizeof(walk));
	const auto room = room_for_rules(walk, record.size());
	const bool begins = walk.parts & IPT_EVENT_PART_ENTER;
	const bool ends = walk.parts & IPT_EVENT_PART_LEAVE;
	if (!room || walk.rule_count > *room || !(begins || ends || walk.rule_count))
		return Error{ fmt::format("a walk of {} rules in {} bytes", walk.rule_count, record.size()) };
	if (walk.header_len > IPT_EVENT_HEADER_LEN || walk.end.header_len > IPT_EVENT_HEADER_LEN)
		return Error{ "a walk of a packet with more first bytes than there are" };

	take_hook(head);
	const size_t before = events.size();
	Walk unpacked(head, events);
	if (begins)
		unpacked.enter(walk);
	record = record.subspan(sizeof(walk));
	for (uint32_t i = 0; i < walk.rule_count; i++) {
		ipt_event_walk_rule rule;
		std::memcpy(&rule, record.data() + i * sizeof(rule), sizeof(rule));
		unpacked.rule(rule);
	}
	if (ends) {
		uint8_t header[IPT_EVENT_HEADER_LEN];
		const bool changed = walk.parts & IPT_EVENT_PART_HEADER;
		const void *from =
			changed ? static_cast<const void *>(record.last(sizeof(header)).data()) : walk.header;
		std::memcpy(header, from, sizeof(header));
		unpacked.leave(walk.end, { header, walk.end.header_len });
	}
	if (unpacked.sound())
		return {};
	events.resize(before);
	return Error{ "a walk with an endless name" };
}

} // namespace

Status unpack(std::span<const std::byte> record, std::vector<Event> &events)
{
	Head head{};
	if (record.size() >= sizeof(head))
		std::memcpy(&head, record.data(), sizeof(head));
	if (record.size() >= sizeof(head) && head.type == IPT_EVENT_WALK) {
		if (std::string wrong = complaint(head, record.size()); !wrong.empty())
			return Error{ wrong };
		return walk(head, record, events);
	}
	auto event = decode(record);
	if (!event)
		return event.error();
	events.push_back(std::move(*event));
	return {};
}

Result<Event> decode(std::span<const std::byte> record)
{
	Head head;
	if (record.size() < sizeof(head))
		return Error{ fmt::format("an event of {} bytes", record.size()) };
	std::memcpy(&head, record.data(), sizeof(head));
	if (std::string wrong = complaint(head, record.size()); !wrong.empty())
		return Error{ wrong };
	switch (head.type) {
	case IPT_EVENT_ENTER:
		return body<Enter>(record, head.nft_family);
	case IPT_EVENT_RULE:
		return body<Rule>(record, head.nft_family);
	case IPT_EVENT_LEAVE:
		return body<Leave>(record, head.nft_family);
	case IPT_EVENT_MATCHES:
		return matches(head, record);
	}
	return Error{ fmt::format("an event of unknown type {}", head.type) };
}

} // namespace ipt
