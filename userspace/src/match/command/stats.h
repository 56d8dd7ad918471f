// SPDX-License-Identifier: GPL-2.0-only
// iptables-bpf stats: whether rules are counted and timed.
#pragma once

#include <string>

#include "match/command/console.h"

namespace ipt {

struct StatsOptions {
	std::string word; // "on", "off"; empty: show
	bool time = false;
};

Outcome switch_stats(const StatsOptions &options, Console &console,
		     const std::string &folder = "/sys/module/xt_ebpf/parameters");

} // namespace ipt
