// SPDX-License-Identifier: GPL-2.0-only
// Whose a packet is that this host has sent.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "event/event.h"

namespace ipt {

struct Container {
	std::string runtime; // "docker", "podman", "containerd", "cri-o", "lxc", "nspawn"
	std::string id; // empty: it goes by its name alone
	std::string name; // as its users call it; empty if it is not known

	bool operator==(const Container &) const = default;
};

struct Owner {
	uint32_t uid = 0;
	uint32_t socket = 0; // inode number; 0: no process has it open
	uint32_t pid = 0; // 0: not known
	std::string process; // its name
	bool sending =
		false; // by a system call of this process; otherwise the kernel sends what the process's socket has to send
	uint64_t cgroup_id = 0;
	std::string cgroup; // path; empty: there is none, or it is gone
	Container container; // without a runtime: none

	bool operator==(const Owner &) const = default;
};

// Of an enter event that says whose the packet is.
using OwnerOf = std::function<Owner(const Enter &)>;

} // namespace ipt
