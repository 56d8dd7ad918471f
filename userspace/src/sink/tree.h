// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "sink/sink.h"
#include "sink/tree_text.h"
#include "util/output.h"

namespace ipt {

// A block for each packet.
class TreeSink : public Sink {
public:
	TreeSink(Output &output, Look look) : output_(output), width_(look.width), text_(std::move(look)) {}
	void packet(const PacketTrace &trace) override;

private:
	Output &output_;
	size_t width_;
	TreeText text_;
};

} // namespace ipt
