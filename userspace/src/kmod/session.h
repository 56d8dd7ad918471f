// SPDX-License-Identifier: GPL-2.0-only
// The only folder that speaks to iptables_trace.ko.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "iptables_trace_ctl.h"
#include "util/fd.h"
#include "util/result.h"

namespace ipt {

using Info = iptables_trace_info;
using Stats = iptables_trace_stats;
using Select = iptables_trace_select;

// An open /dev/iptables_trace. Everything that it did to the kernel ends with it.
class Session {
public:
	// Loads the module if need be. The error names what is in the way.
	static Result<Session> open();

	Result<Info> info() const;
	// What the module can see beside iptables-legacy.
	bool sees_nft() const;
	bool sees_arp() const;
	// Of all tables that the module can see; arp: also of those in which packets are none of IP.
	Status set_programs(int enter, int rule, int leave, bool arp) const;
	// Whether it can tell of whole walks.
	bool tells_walks() const;
	// The program that is told, in the place of those.
	Status set_walks(int program, bool arp) const;
	// instructions: of a struct sock_filter, as pcap_compile() makes them.
	Status set_filter(const void *instructions, unsigned int count, bool children) const;
	// -1: all.
	Status set_netns(int fd) const;
	// A further one.
	Status add_netns(int fd) const;
	// Whether it can measure what rules take.
	bool measures() const;
	// Has it done so.
	Status set_costs() const;
	// What is asked of packets besides the filter.
	Status set_select(const Select &select) const;
	// The program that is told what matches say, and how many a second on a CPU; 0: any.
	Status set_matches(int program, uint32_t budget) const;
	// Has the matches of a table's rules observed. Returns the identity of the rules, as in events, and 0 if there is no
	// such table; nothing while they are being replaced.
	Result<std::optional<uint64_t>> observe(int netns, uint8_t family, const std::string &table) const;
	Status start() const;
	Status stop() const;
	Result<Stats> stats() const;

private:
	// Those of which packets are to be traced.
	uint32_t back_ends(bool arp) const;

	explicit Session(Fd device) : device_(std::move(device)) {}

	Fd device_;
};

// Whether this tool can trace with what the module says of itself on a kernel of that release; the error says what to do.
Status fits(const Info &info, const std::string &kernel);

// What the kernel lacks for the module, if that can be seen; empty otherwise.
std::string missing_in_kernel();

} // namespace ipt
