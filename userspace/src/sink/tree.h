// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "sink/look.h"
#include "sink/sink.h"
#include "util/output.h"

namespace ipt {

// A block for each packet: a head line, then table by table the rules it met, user chains indented.
class TreeSink : public Sink {
public:
	TreeSink(Output &output, Look look) : output_(output), look_(std::move(look)) {}
	void packet(const PacketTrace &trace) override;

private:
	std::string head_line(const PacketTrace &trace) const;
	std::string origin_line(const Origin &origin) const;
	void add_traversal(std::string &block, const Traversal &traversal, const Traversal *before) const;
	void add_rules(std::string &block, const Traversal &traversal) const;

	Output &output_;
	Look look_;
};

} // namespace ipt
