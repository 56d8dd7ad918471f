// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "record/json_writer.h"
#include "sink/look.h"
#include "sink/sink.h"
#include "util/output.h"

namespace ipt {

// A JSON object for each event, packet by packet.
class JsonSink : public Sink {
public:
	JsonSink(Output &output, const Look &look) : output_(output), writer_(look.clock, look.netns_name, look.explain)
	{
	}
	void start(const Start &start) override;
	void packet(const PacketTrace &trace) override;
	void end(const Summary *summary) override;

private:
	void write();

	Output &output_;
	JsonWriter writer_;
	std::string text_; // to be written, with room that is used again
};

} // namespace ipt
