// SPDX-License-Identifier: GPL-2.0-only
// Whether the kernel takes classic BPF, judged without it.
#pragma once

#include "filter/filter.h"

namespace ipt {

// The rules of the kernel's bpf_check_classic(). The error names the instruction.
Status verify(const Filter &code);

// The code was made for Ethernet frames: it looks for the type of the packet where a frame has it. A rule's packet has
// no link-layer header, so that it would match nothing sensible.
bool is_for_ethernet(const Filter &code);

} // namespace ipt
