// SPDX-License-Identifier: GPL-2.0-only
// A match can drop a packet by itself (hotdrop), and then no rule event tells of it: the kernel does where matches are
// observed, and elsewhere what can be followed of the walk.
#pragma once

#include <string>

#include "pipeline/packet.h"

namespace ipt {

// The walk ended in a drop that no rule made. Empty if a rule may have made it, or too little is known.
std::string hotdrop_text(const Traversal &walk);

} // namespace ipt
