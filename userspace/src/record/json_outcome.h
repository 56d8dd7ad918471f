// SPDX-License-Identifier: GPL-2.0-only
// How a packet ended, in its JSON object: also where the walk in which it did so is not in the recording.
#pragma once

#include "pipeline/packet.h"
#include "record/json_object.h"
#include "util/json_text.h"

namespace ipt {

void write_outcome(JsonText &json, const PacketTrace &trace, const NetnsNameOf &netns_name);
// "ended_in"; last: of the walks that are there.
Outcome outcome_from(const JsonObject &from, const Head &last);

} // namespace ipt
