// SPDX-License-Identifier: GPL-2.0-only
// The switches by which the administrator turns the kernel's probes off.
#pragma once

#include <string>

namespace ipt {

// Which one is off and how to switch it on again; empty if none is, as far as can be read.
std::string probes_switch();

} // namespace ipt
