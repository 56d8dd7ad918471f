// SPDX-License-Identifier: GPL-2.0-only
// Recordings: a JSON object a line. A walk is written as its enter, its rules, each behind what was observed of it, and its
// leave, a packet as its walks and a line of its own; the rules of a table are written once in a file, before the first walk
// that met them. A file stands for itself.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "pipeline/explain.h"
#include "pipeline/packet.h"
#include "pipeline/summary.h"
#include "record/session.h"
#include "util/clock.h"
#include "util/json_text.h"

namespace ipt {

// How many tables' rules a reader has to keep at the same time.
inline constexpr size_t kRecordedRulesets = 64;

// RFC 3339 in UTC with nanoseconds.
class UtcText {
public:
	const std::string &operator()(int64_t wall_ns);

private:
	int64_t second_ = -1;
	std::string text_;
};

class JsonWriter {
public:
	// explain: with the rules that did not match.
	JsonWriter(const WallClock &clock, NetnsNameOf netns_name, bool explain = false)
		: clock_(clock), netns_name_(std::move(netns_name)), explain_(explain)
	{
	}

	// Begins a file.
	void start(std::string &to, const Start &start);
	void walk(std::string &to, const Traversal &walk);
	// After its walks.
	void packet(std::string &to, const PacketTrace &trace);
	void summary(std::string &to, const Summary &summary);

private:
	void ruleset(std::string &to, const Traversal &walk);
	void event(std::string &to, const Enter &enter, const Traversal &walk);
	void event(std::string &to, const Rule &rule, const Traversal &walk, const std::vector<Passed> *passed);
	void event(std::string &to, const Leave &leave, const Traversal &walk, const Explanation &explanation);
	// chain: that they are of; empty if it is not known.
	void event(std::string &to, const Matches &matches, const Traversal &walk, std::string_view chain);
	void head(JsonText &json, const Head &head, std::string_view type, const Traversal &walk);

	const WallClock &clock_;
	NetnsNameOf netns_name_;
	bool explain_;
	UtcText utc_;
	// Rules and their identity.
	using Written = std::pair<std::shared_ptr<const TableText>, uint64_t>;
	std::deque<Written> written_; // the oldest first
	Written last_; // mostly it is this one
};

} // namespace ipt
