// SPDX-License-Identifier: GPL-2.0-only
// From which of a walk's rules its marks may come.
#pragma once

#include <vector>

#include "pipeline/packet.h"

namespace ipt {

// Of each rule that a walk met, whether marks that have changed with it may come from a rule that was passed, which set them and
// said no. In x_tables, which tells of a rule before its target runs, that is one behind it; in nf_tables, which tells of it when
// it is over, one before it. Empty: of none. The walk's end was seen.
std::vector<bool> marks_in_doubt(const Traversal &walk);

} // namespace ipt
