// SPDX-License-Identifier: GPL-2.0-only
// Owners of packets, from the numbers that events have to the names that people know. What is asked once is kept: a process
// that has ended is still known by what it sent before.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "pipeline/owner.h"

namespace ipt {

class Owners {
public:
	// At once when an event has come: a process may be gone the next moment.
	Owner operator()(const Enter &enter);

private:
	struct Process {
		uint32_t pid = 0;
		std::string name;
	};
	struct Cgroup {
		std::string path;
		Container container;
	};

	Process process_of(uint32_t socket);
	const Cgroup &cgroup_of(uint64_t id);

	std::map<uint32_t, Process> processes_; // by the inode number of a socket
	std::map<uint64_t, Cgroup> cgroups_;
	std::chrono::steady_clock::time_point search_again_{}; // not before
};

} // namespace ipt
