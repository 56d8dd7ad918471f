// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string_view>

namespace ipt {

// Whether the kernel, or a module of it, has this symbol by now; nothing if it lists none.
std::optional<bool> kernel_has(std::string_view symbol);

} // namespace ipt
