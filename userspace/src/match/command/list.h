// SPDX-License-Identifier: GPL-2.0-only
// iptables-bpf list: every rule with -m bpf of the network namespace, and what it runs.
#pragma once

#include "match/command/console.h"

namespace ipt {

struct ListOptions {
	bool json = false;
};

Outcome list_rules(const ListOptions &options, Console &console);

} // namespace ipt
