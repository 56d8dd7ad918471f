// SPDX-License-Identifier: GPL-2.0-only
// Where a trace goes.
#pragma once

#include "pipeline/packet.h"
#include "pipeline/summary.h"
#include "record/session.h"

namespace ipt {

class Sink {
public:
	virtual ~Sink() = default;
	// A file begins: the session's first, or another one after it.
	virtual void start(const Start &) {}
	// As events come in; the walk is as far as it is known.
	virtual void event(const Event &, const Traversal &) {}
	// A packet at its end, with what is known of losses.
	virtual void packet(const PacketTrace &trace) = 0;
	// The session is over; nullptr: how it ended is not known, as its recording was not read, or written, to the end.
	virtual void end(const Summary *) {}
};

} // namespace ipt
