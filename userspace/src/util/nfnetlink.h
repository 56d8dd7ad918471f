// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <libmnl/libmnl.h>

namespace ipt {

// One request to the kernel's netfilter and all of its answers, each of which goes to a function of libmnl's kind, with what
// is handed over for it. build: makes the request in this room, with the sequence number. Returns 0 or an errno; EINTR: what
// is listed has changed meanwhile.
int ask_nfnetlink(const std::function<const nlmsghdr *(char *room, uint32_t sequence)> &build, mnl_cb_t each,
		  void *data);

} // namespace ipt
