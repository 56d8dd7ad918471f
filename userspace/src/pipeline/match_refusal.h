// SPDX-License-Identifier: GPL-2.0-only
// What it means that a match said no which counts, looks things up or looks further than what was captured. It is not asked
// again: that it said no was observed.
#pragma once

#include <string>

#include "pipeline/match_says.h"

namespace ipt {

// match: as in Conditions, "-m limit --limit 1/sec"; of anything else, and where nothing is certain, no more than that it said no.
Unmet refused(const std::string &match, const Seen &seen);

} // namespace ipt
