// SPDX-License-Identifier: GPL-2.0-only
#include "event/event.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <type_traits>

#include "event/names.h"
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

// As many as it says, and nothing behind them.
Result<Event> matches(const Head &head, std::span<const std::byte> record)
{
	ipt_event_matches fixed;
	if (record.size() < sizeof(fixed))
		return Error{ fmt::format("an event of {} bytes that should have {}", record.size(), sizeof(fixed)) };
	std::memcpy(&fixed, record.data(), sizeof(fixed));
	record = record.subspan(sizeof(fixed));
	if (fixed.count == 0 || fixed.count > IPT_EVENT_MATCHES_MAX ||
	    record.size() != fixed.count * sizeof(ipt_event_match))
		return Error{ fmt::format("an event of {} matches in {} bytes", fixed.count, head.size) };
	Matches event{ head, {} };
	take_hook(event.head);
	event.match.reserve(fixed.count);
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

} // namespace

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
