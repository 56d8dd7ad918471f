// SPDX-License-Identifier: GPL-2.0-only
// Events for tests: a packet's way, told step by step.
#pragma once

#include <arpa/inet.h>
#include <cstring>
#include <linux/netfilter.h>
#include <string>
#include <vector>

#include "event/arp.h"
#include "event/event.h"

namespace ipt::test {

template <size_t N>
void set_name(char (&to)[N], const std::string &name)
{
	std::strncpy(to, name.c_str(), N - 1);
}

// 192.0.2.1:40000 > 192.0.2.2:443, a SYN.
inline PacketFields syn()
{
	PacketFields fields{};
	const uint8_t source[] = { 192, 0, 2, 1 };
	const uint8_t destination[] = { 192, 0, 2, 2 };
	std::memcpy(fields.source, source, 4);
	std::memcpy(fields.destination, destination, 4);
	fields.length = 60;
	fields.protocol = IPPROTO_TCP;
	fields.ttl = 64;
	fields.source_port = 40000;
	fields.destination_port = 443;
	fields.tcp_flags = 2;
	fields.fields = IPT_EVENT_PORTS | IPT_EVENT_TCP | IPT_EVENT_ID;
	return fields;
}

// 192.0.2.1 at 52:54:00:12:34:56 asks who has 192.0.2.2.
inline PacketFields who_has()
{
	PacketFields fields{};
	const uint8_t sender[] = { 192, 0, 2, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	const uint8_t target[] = { 192, 0, 2, 2 };
	std::memcpy(fields.source, sender, sizeof(sender));
	std::memcpy(fields.destination, target, sizeof(target));
	set_arp(fields, { 1, 1, 0x0800, 6, 4 });
	fields.fields = IPT_EVENT_ARP;
	fields.length = 28;
	return fields;
}

// Makes the events of one packet, each with the next number.
class PacketMaker {
public:
	explicit PacketMaker(uint64_t number, uint64_t time = 1'000'000'000)
	{
		head_.version = IPT_EVENT_VERSION;
		head_.family = NFPROTO_IPV4;
		head_.packet = number;
		head_.time = time;
		head_.netns = 4026531840;
		head_.ruleset = 1;
		head_.traversal = number * 1000;
		head_.flags = IPT_EVENT_FIRST;
	}

	Head &head() { return head_; }
	PacketFields &fields() { return fields_; }

	// From now on the matches of walks are observed.
	void observe() { observed_ = IPT_EVENT_OBSERVED; }

	Enter enter(const std::string &table, uint8_t hook)
	{
		head_.traversal++;
		head_.hook = hook;
		std::memset(head_.table, 0, sizeof(head_.table));
		set_name(head_.table, table);
		Enter event{};
		event.head = next(IPT_EVENT_ENTER, sizeof(event));
		event.head.flags |= observed_;
		head_.flags &= ~IPT_EVENT_FIRST;
		event.packet = fields_;
		if (hook != NF_INET_LOCAL_OUT && hook != NF_INET_POST_ROUTING) {
			event.in.ifindex = 2;
			set_name(event.in.name, "eth0");
		}
		if (hook == NF_INET_FORWARD || hook == NF_INET_LOCAL_OUT || hook == NF_INET_POST_ROUTING) {
			event.out.ifindex = 3;
			set_name(event.out.name, "eth1");
		}
		return event;
	}

	// Into a base chain of nf_tables.
	Enter enter_nft(uint8_t family, const std::string &table, uint8_t hook, const std::string &chain,
			uint64_t handle)
	{
		head_.nft_family = family;
		Enter event = enter(table, hook);
		set_name(event.chain, chain);
		event.head.flags |= chain.size() >= sizeof(event.chain) ? IPT_EVENT_CHAIN_CUT : 0;
		event.handle = handle;
		return event;
	}

	// As the kernel tells it: with a handle, and with the marks that are the packet's when the rule is done.
	Rule rule_nft(const std::string &chain, uint64_t handle, int32_t verdict, uint8_t kind = IPT_EVENT_KIND_RULE)
	{
		Rule event = rule(chain, 0, kind);
		event.head.flags |= chain.size() >= sizeof(event.chain) ? IPT_EVENT_CHAIN_CUT : 0;
		event.handle = handle;
		event.verdict = verdict;
		event.mark = fields_.mark;
		event.ct_mark = fields_.ct_mark;
		return event;
	}

	Rule rule(const std::string &chain, uint32_t number, uint8_t kind = IPT_EVENT_KIND_RULE)
	{
		Rule event{};
		event.head = next(IPT_EVENT_RULE, sizeof(event));
		set_name(event.chain, chain);
		event.number = number;
		event.kind = kind;
		return event;
	}

	Matches matches(std::vector<Match> match)
	{
		const size_t size = sizeof(ipt_event_matches) + match.size() * sizeof(ipt_event_match);
		return { next(IPT_EVENT_MATCHES, size), std::move(match), {} };
	}
	// The same of a packet that came by Ethernet.
	Matches matches_from(const EtherAddress &source, std::vector<Match> match)
	{
		Matches event = matches(std::move(match));
		event.head.size += sizeof(ipt_event_ether);
		event.ether_source = source;
		return event;
	}

	// What rules took, as a session knows that asks for it.
	Rule timed(Rule event, uint32_t net)
	{
		event.head.flags |= IPT_EVENT_TIMED;
		event.net = net;
		return event;
	}
	Leave timed(Leave event, uint32_t net)
	{
		event.head.flags |= IPT_EVENT_TIMED;
		event.net = net;
		return event;
	}

	Leave leave(uint32_t verdict, bool terminal = false)
	{
		Leave event{};
		if (terminal)
			head_.flags |= IPT_EVENT_TERMINAL;
		event.head = next(IPT_EVENT_LEAVE, sizeof(event));
		event.packet = fields_;
		event.duration = 1500;
		event.verdict = verdict;
		return event;
	}

	// Events that are made and lost.
	void lose(uint32_t count) { head_.seq += count; }

private:
	Head next(uint8_t type, size_t size)
	{
		head_.seq++;
		head_.time += 1000;
		Head head = head_;
		head.type = type;
		head.size = static_cast<uint32_t>(size);
		return head;
	}

	uint16_t observed_ = 0;
	Head head_{};
	PacketFields fields_ = syn();
};

template <typename T>
std::vector<std::byte> bytes_of(const T &event)
{
	std::vector<std::byte> bytes(sizeof(event));
	std::memcpy(bytes.data(), &event, sizeof(event));
	return bytes;
}

inline std::vector<std::byte> bytes_of(const Matches &event)
{
	ipt_event_matches fixed{ event.head, static_cast<uint32_t>(event.match.size()),
				 event.ether_source.has_value() };
	const size_t size = sizeof(fixed) + event.match.size() * sizeof(ipt_event_match);
	std::vector<std::byte> bytes(size + (event.ether_source ? sizeof(ipt_event_ether) : 0));
	if (event.ether_source)
		std::memcpy(bytes.data() + size, event.ether_source->data(), event.ether_source->size());
	std::memcpy(bytes.data(), &fixed, sizeof(fixed));
	for (size_t i = 0; i < event.match.size(); i++) {
		const Match &match = event.match[i];
		const ipt_event_match raw{ .number = match.number,
					   .index = match.index,
					   .flags = static_cast<uint8_t>(match.yes * IPT_EVENT_MATCH_YES |
									 match.hotdrop * IPT_EVENT_MATCH_HOTDROP),
					   .duration = match.duration,
					   .program = match.program };
		std::memcpy(bytes.data() + sizeof(fixed) + i * sizeof(raw), &raw, sizeof(raw));
	}
	return bytes;
}

} // namespace ipt::test
