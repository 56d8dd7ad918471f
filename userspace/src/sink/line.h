// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "pipeline/explain.h"
#include "sink/look.h"
#include "sink/sink.h"
#include "util/output.h"

namespace ipt {

// A line for each event as it comes, and one at the end of each packet; every line can be understood alone.
class LineSink : public Sink {
public:
	LineSink(Output &output, Look look) : output_(output), look_(std::move(look)) {}
	void event(const Event &event, const Traversal &walk) override;
	void packet(const PacketTrace &trace) override;

private:
	void begin(uint64_t time, uint64_t packet);
	void begin(const Head &head, const Traversal &walk);
	void begin(const Head &head, std::string_view chain, std::string_view rule, const Traversal &walk);
	// Where it is and what it looks like, up to the bar.
	void place(const Head &head, const Traversal &walk);
	const std::string &packet_of(const Traversal &walk);
	void happened(const Enter &event, const Traversal &walk);
	void happened(const Rule &event, const Traversal &walk);
	void happened(const Leave &event, const Traversal &walk);
	void happened(const Matches &, const Traversal &) {}
	const Explanation &explanation_of(const Traversal &walk);
	void explained(const Rule &event, const Traversal &walk);
	void explained(const Leave &event, const Traversal &walk);
	void explained(const Enter &, const Traversal &) {}
	void explained(const Matches &, const Traversal &) {}
	void passed(const Head &head, std::string_view chain, const Traversal &walk, const std::vector<Passed> &rules);
	// rule: by its number, or in nft's tables its handle; text: nullptr if it is not known.
	void programs(const Head &head, std::string_view chain, std::string_view rule, const Traversal &walk,
		      const std::vector<const Match *> &asked, const RuleText *text);
	void write();

	Output &output_;
	Look look_;
	std::string line_; // to be written, with room that is used again
	// The packet as it came into the last walk; most events are of the same one as those before them.
	std::string packet_;
	uint64_t walk_ = 0;
	// With look_.explain events come when their whole walk is known, walk by walk.
	Explanation explanation_;
	uint64_t explained_ = 0; // the walk, of the packet whose events come
};

} // namespace ipt
