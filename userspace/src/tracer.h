// SPDX-License-Identifier: GPL-2.0-only
// The wiring: one session from its opening to its summary.
#pragma once

#include "cli/options.h"

namespace ipt {

// Traces as asked. Messages go to standard error.
Exit trace(const Options &options);

} // namespace ipt
