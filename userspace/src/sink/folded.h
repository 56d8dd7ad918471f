// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <unordered_map>

#include "sink/sink.h"
#include "util/output.h"

namespace ipt {

// Stacks for flame graphs, "table;chain;chain;rule NANOSECONDS", all packets together, at the end. The time up to the
// moment that a rule matched is counted for that rule, the search for it included; the time after the last one, in which
// its target ran, too. Without what tracing took, if that is known.
class FoldedSink : public Sink {
public:
	explicit FoldedSink(Output &output) : output_(output) {}
	void packet(const PacketTrace &trace) override;
	void end(const Summary *summary) override;

private:
	void add(const std::string &stack, uint64_t ns);
	void add_walk(const Traversal &walk);

	Output &output_;
	std::unordered_map<std::string, uint64_t> stacks_;
};

} // namespace ipt
