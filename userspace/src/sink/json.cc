// SPDX-License-Identifier: GPL-2.0-only
#include "sink/json.h"

namespace ipt {

void JsonSink::write()
{
	output_.write(text_);
	text_.clear();
}

void JsonSink::start(const Start &start)
{
	writer_.start(text_, start);
	write();
}

void JsonSink::packet(const PacketTrace &trace)
{
	for (const Traversal &walk : trace.traversals)
		writer_.walk(text_, walk);
	writer_.packet(text_, trace);
	write();
}

void JsonSink::end(const Summary *summary)
{
	if (!summary)
		return;
	writer_.summary(text_, *summary);
	write();
}

} // namespace ipt
