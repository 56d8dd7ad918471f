// SPDX-License-Identifier: GPL-2.0-only
// Events of a walk, put into one record as the programs do it.
#pragma once

#include <optional>

#include "make_event.h"

namespace ipt::test {

// The first bytes of a packet of IPv4 and TCP.
inline std::vector<uint8_t> header_of(const PacketFields &packet)
{
	std::vector<uint8_t> bytes(40);
	const auto put = [&bytes](size_t at, unsigned int word) {
		bytes[at] = static_cast<uint8_t>(word >> 8);
		bytes[at + 1] = static_cast<uint8_t>(word);
	};
	bytes[0] = 0x45;
	bytes[1] = packet.tos;
	put(2, packet.length);
	put(4, packet.id);
	bytes[8] = packet.ttl;
	bytes[9] = packet.protocol;
	std::copy_n(packet.source, 4, bytes.begin() + 12);
	std::copy_n(packet.destination, 4, bytes.begin() + 16);
	put(20, packet.source_port);
	put(22, packet.destination_port);
	put(32, 0x5000U | packet.tcp_flags);
	return bytes;
}

// The kernel's number for it.
inline uint8_t state_of(const PacketFields &packet)
{
	switch (packet.connection) {
	case IPT_EVENT_CT_NEW:
		return 2;
	case IPT_EVENT_CT_ESTABLISHED:
		return packet.reply ? 3 : 0;
	case IPT_EVENT_CT_RELATED:
		return packet.reply ? 4 : 1;
	case IPT_EVENT_CT_UNTRACKED:
		return 7;
	}
	return 255;
}

// A record that can be changed before it is read; rules: those that it has, and room for more.
struct WalkRecord {
	std::vector<ipt_event_walk_rule> rules;
	std::optional<std::vector<uint8_t>> end_header;

	std::vector<std::byte> bytes() const
	{
		const size_t size_of_rules = rules.size() * sizeof(ipt_event_walk_rule);
		std::vector<std::byte> bytes(sizeof(walk) + size_of_rules + (end_header ? IPT_EVENT_HEADER_LEN : 0));
		ipt_event_walk fixed = walk;
		fixed.head.size = static_cast<uint32_t>(bytes.size());
		std::memcpy(bytes.data(), &fixed, sizeof(fixed));
		std::memcpy(bytes.data() + sizeof(fixed), rules.data(), size_of_rules);
		if (end_header)
			std::memcpy(bytes.data() + sizeof(fixed) + size_of_rules, end_header->data(),
				    end_header->size());
		return bytes;
	}

	ipt_event_walk walk{}; // the last, as rules would follow it
};

inline void put_state(ipt_event_walk &walk, const PacketFields &packet)
{
	walk.length = packet.length;
	walk.mark = packet.mark;
	walk.ct_status = packet.ct_status;
	walk.ct_mark = packet.ct_mark;
	walk.ct_state = state_of(packet);
}

inline WalkRecord walk_record(const Enter &enter, const std::vector<Rule> &rules, const Leave &leave)
{
	WalkRecord record;
	ipt_event_walk &walk = record.walk;
	walk.head = enter.head;
	walk.head.type = IPT_EVENT_WALK;
	walk.head.flags |= leave.head.flags & IPT_EVENT_TIMED;
	std::memcpy(walk.chain, enter.chain, sizeof(walk.chain));
	walk.handle = enter.handle;
	walk.in = enter.in;
	walk.out = enter.out;
	put_state(walk, enter.packet);
	const auto header = header_of(enter.packet);
	walk.header_len = static_cast<uint16_t>(header.size());
	std::copy(header.begin(), header.end(), walk.header);
	walk.priority = enter.priority;
	walk.owner = enter.owner;

	walk.rule_count = static_cast<uint32_t>(rules.size());
	for (const Rule &rule : rules) {
		ipt_event_walk_rule raw{ .number = rule.number,
					 .mark = rule.mark,
					 .ct_mark = rule.ct_mark,
					 .kind = rule.kind,
					 .handle = rule.handle,
					 .verdict = rule.verdict,
					 .net = rule.net,
					 .time = rule.head.time,
					 .cpu = rule.head.cpu,
					 .flags = rule.head.flags };
		std::memcpy(raw.chain, rule.chain, sizeof(raw.chain));
		record.rules.push_back(raw);
	}

	const PacketFields &at_end = leave.packet;
	const auto end_header = header_of(at_end);
	walk.parts = IPT_EVENT_PART_ENTER | IPT_EVENT_PART_LEAVE;
	if (end_header != header) {
		walk.parts |= IPT_EVENT_PART_HEADER;
		record.end_header = end_header;
	}
	walk.end = { .time = leave.head.time,
		     .missed = leave.head.missed,
		     .ruleset = leave.head.ruleset,
		     .replacements = leave.head.replacements,
		     .cpu = leave.head.cpu,
		     .verdict = leave.verdict,
		     .net = leave.net,
		     .mark = at_end.mark,
		     .ct_mark = at_end.ct_mark,
		     .length = at_end.length,
		     .ct_status = at_end.ct_status,
		     .ct_state = state_of(at_end),
		     .header_len = static_cast<uint16_t>(end_header.size()),
		     .flags = leave.head.flags };
	return record;
}

} // namespace ipt::test
