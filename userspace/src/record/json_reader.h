// SPDX-License-Identifier: GPL-2.0-only
// Recordings back into events and packets, as they were when they were written.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "pipeline/packet.h"
#include "pipeline/summary.h"
#include "record/session.h"

namespace ipt {

class JsonObject;

// What is done with that which a recording holds, in its order.
struct RecordHandler {
	std::function<void(const Start &)> start;
	std::function<void(const Event &, const Traversal &)> event;
	std::function<void(PacketTrace &&)> packet;
	std::function<void(const Summary &)> summary;
};

class JsonReader {
public:
	explicit JsonReader(RecordHandler handler) : handler_(std::move(handler)) {}

	// The next line. The error says what is wrong with it.
	Status line(std::string_view text);
	// There is no more: a packet without its own line is handed over too.
	void finish();

	// As the recording has it.
	std::string netns_name(const Head &head) const;

private:
	struct Object; // hides the library from who includes this
	using RulesetKey = std::pair<TableKey, uint64_t>; // a table and the identity of its rules

	void take(const Object &object);
	void take_start(const Object &object);
	void take_ruleset(const Object &object);
	void take_nft_ruleset(const Object &object);
	void keep(const RulesetKey &key, std::shared_ptr<const TableText> text);
	void take_event(const Object &object);
	void take_outcome(const JsonObject &object);
	void take_packet(const Object &object);
	void take_summary(const Object &object);
	Traversal &walk_of(const Head &head, const Object &object);
	Binding rules_of(const Head &head, const Object &object) const;
	void hand_over();

	RecordHandler handler_;
	bool started_ = false;
	std::map<RulesetKey, std::shared_ptr<const TableText>> rulesets_;
	std::deque<RulesetKey> by_age_;
	std::map<std::pair<uint32_t, uint64_t>, std::string> netns_names_; // by number and cookie
	PacketTrace packet_; // number 0: none has begun
};

} // namespace ipt
