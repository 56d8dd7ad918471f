// SPDX-License-Identifier: GPL-2.0-only
// Marks that a packet had got by the time that it met a rule, and from which of the rules.
#pragma once

#include <cstddef>

#include "pipeline/packet.h"

namespace ipt {

// Whether marks that have changed with this rule of a walk, or since the one before, may come from a rule in between that may
// set them and say no. In x_tables a rule is told of before its target runs, so those in between are the ones behind it; in
// nf_tables when it is over, and they stand before it.
bool may_be_set_unmet(const Traversal &walk, size_t rule);

} // namespace ipt
