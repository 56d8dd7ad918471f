// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <tuple>

#include "record/json_writer.h"
#include "sink/sink.h"
#include "sink/tree_text.h"
#include "util/output.h"

namespace ipt {

// A capture file: the packet as it entered each table, with the rules that it met there as comment, and the lines of a JSON
// recording in an option that other programs pass over.
class PcapngSink : public Sink {
public:
	PcapngSink(Output &output, const Look &look)
		: output_(output), look_(look), text_(look), writer_(look.clock, look.netns_name, look.explain)
	{
	}
	void start(const Start &start) override;
	void packet(const PacketTrace &trace) override;
	void end(const Summary *summary) override;

private:
	uint32_t interface_of(const Traversal &walk);
	void walk(const PacketTrace &trace, const Traversal &walk, const std::string &comment);
	std::string comment(const PacketTrace &trace, const Traversal &walk, const Traversal *before) const;
	void write();

	Output &output_;
	Look look_;
	TreeText text_;
	JsonWriter writer_;
	// Of this file, by namespace (its number and its cookie) and name.
	std::map<std::tuple<uint32_t, uint64_t, std::string>, uint32_t> interfaces_;
	int64_t last_ = 0; // when what was last written happened
	std::string blocks_; // to be written, with room that is used again
};

} // namespace ipt
