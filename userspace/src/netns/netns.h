// SPDX-License-Identifier: GPL-2.0-only
// Network namespaces: by the user's word for them, by inode number, and going into one for a moment.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "util/fd.h"
#include "util/result.h"

namespace ipt {

struct Netns {
	Fd fd;
	uint32_t inode = 0;
};

// A name of ip-netns(8), the number of a process, or a file; empty: the tool's own.
Result<Netns> open_netns(const std::string &word);

// Looks among the named ones, those that Docker keeps and those of processes. Fails if nobody has it any more.
Result<Netns> find_netns(uint32_t inode);

// All that have a name, and the tool's own.
std::vector<Netns> known_netns();

// Of the network namespace that the process is in; 0: the kernel gives none.
uint64_t netns_cookie_here();

// Names for people: that of ip-netns(8), "init", the container of a process that lives in it, that of Docker's file, or the
// process; else its number. The kernel gives the number of a namespace that is gone to the next one: only the cookie, where the
// kernel has given one, is never used again.
class NetnsNames {
public:
	// The container that a process is in; empty if it is in none.
	using ContainerOf = std::function<std::string(const std::string &pid)>;

	// root: where /run and /proc are, for tests.
	explicit NetnsNames(ContainerOf container_of = {}, std::string root = "")
		: container_of_(std::move(container_of)), root_(std::move(root))
	{
	}

	std::string operator()(uint32_t inode, uint64_t cookie = 0);

private:
	struct Name {
		std::string text;
		std::string path; // where the namespace was found by it; empty: nowhere
	};

	Name find(uint32_t inode, uint64_t cookie) const;
	Name of_process_in(uint32_t inode, uint64_t cookie) const;

	ContainerOf container_of_;
	std::string root_;
	std::map<std::pair<uint32_t, uint64_t>, Name> names_;
};

// While it lives, this process is in the namespace, and so are the children that it starts.
class InNetns {
public:
	static Result<InNetns> enter(const Netns &netns);
	InNetns(InNetns &&) = default;
	~InNetns();

private:
	explicit InNetns(Fd back) : back_(std::move(back)) {}

	Fd back_;
};

} // namespace ipt
