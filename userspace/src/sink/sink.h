// SPDX-License-Identifier: GPL-2.0-only
// Where a trace goes.
#pragma once

#include "pipeline/packet.h"

namespace ipt {

class Sink {
public:
	virtual ~Sink() = default;
	// As events come in; the walk is as far as it is known.
	virtual void event(const Event &, const Traversal &) {}
	// A packet at its end, with what is known of losses.
	virtual void packet(const PacketTrace &trace) = 0;
};

} // namespace ipt
