// SPDX-License-Identifier: GPL-2.0-only
#include "sink/tree.h"

#include "sink/wrap.h"

namespace ipt {

void TreeSink::packet(const PacketTrace &trace)
{
	output_.write(wrap(text_.packet(trace), width_));
	output_.write("\n");
}

} // namespace ipt
