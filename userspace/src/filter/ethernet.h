// SPDX-License-Identifier: GPL-2.0-only
// Code that is made for frames of Ethernet, for packets that are seen from their own header on.
#pragma once

#include <string_view>

#include "filter/filter.h"

namespace ipt {

// Whether an expression has the word arp, of which libpcap knows nothing where packets have no link: there it has part of an
// expression never hold, and says nothing.
bool mentions_arp(std::string_view expression);

// The type of a frame is what the kernel says that the packet is, and all else is where it is without the head of the link.
// The error is of code that looks at an address of that, or reckons a place in the frame by itself, as for what is in a tunnel.
Result<Filter> from_ethernet(Filter filter);

} // namespace ipt
