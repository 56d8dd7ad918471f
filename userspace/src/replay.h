// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "cli/options.h"

namespace ipt {

// Shows a recording. Needs neither root nor the module.
Exit replay(const Options &options);

} // namespace ipt
