// SPDX-License-Identifier: GPL-2.0-only
// A recording as a file: of either format, told by its first bytes.
#pragma once

#include <string>

#include "record/json_reader.h"

namespace ipt {

// Reads a recording ("-": standard input) to its end. The error names the file and the place; what stands before it was
// handed over. wanted: asked before each line or block, false ends the reading.
Status read_recording(const std::string &path, JsonReader &reader, const std::function<bool()> &wanted);

} // namespace ipt
