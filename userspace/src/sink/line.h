// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "sink/look.h"
#include "sink/sink.h"
#include "util/output.h"

namespace ipt {

// A line for each event as it comes, and one at the end of each packet; every line can be understood alone.
class LineSink : public Sink {
public:
	LineSink(Output &output, Look look) : output_(output), look_(std::move(look)) {}
	void event(const Event &event, const Traversal &traversal) override;
	void packet(const PacketTrace &trace) override;

private:
	Output &output_;
	Look look_;
};

} // namespace ipt
