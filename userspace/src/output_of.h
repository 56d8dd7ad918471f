// SPDX-License-Identifier: GPL-2.0-only
// From options to where a trace goes and how it looks there, for a live one and a recorded one alike.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/options.h"
#include "sink/display.h"
#include "sink/look.h"
#include "sink/sink.h"
#include "util/output.h"

namespace ipt {

// Opened as the options say. The error says what is wrong with it.
Result<Output> open_output(const Options &options);

Look look_of(const Options &options, const Output &output, const WallClock &clock, NetnsNameOf netns_name);

std::unique_ptr<Sink> make_sink(Format format, Output &output, const Look &look);

Display display_of(const Options &options);

Exit fail(Exit code, const Error &error);

// A remark to whoever runs the tool; none if it is empty.
void note(const std::string &text);

} // namespace ipt
