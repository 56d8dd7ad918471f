// SPDX-License-Identifier: GPL-2.0-only
#include "owner/owners.h"

#include <algorithm>

#include "owner/cgroup.h"
#include "owner/container.h"
#include "owner/sockets.h"

namespace ipt {

namespace {

// As much as is remembered of sockets and cgroups: then all of it is asked anew.
constexpr size_t kMost = 65536;
// Events are waiting while all processes are looked through: that may take one part in so many of the time,
// and is done once a second at most.
constexpr int kSearchShare = 20;
constexpr std::chrono::steady_clock::duration kSearchPause = std::chrono::seconds(1);

} // namespace

// A socket of which nothing was sent by a system call yet, for example one that listens.
Owners::Process Owners::process_of(uint32_t socket)
{
	if (const auto known = processes_.find(socket); known != processes_.end())
		return known->second;
	const auto begin = std::chrono::steady_clock::now();
	if (begin < search_again_)
		return {};
	for_each_socket([this](uint32_t inode, uint32_t pid, std::string name) {
		processes_.try_emplace(inode, Process{ pid, std::move(name) });
	});
	const auto end = std::chrono::steady_clock::now();
	search_again_ = end + std::max(kSearchPause, kSearchShare * (end - begin));
	// Nobody's, as with what kernel modules and ended processes have left: not to be looked for again.
	return processes_[socket];
}

const Owners::Cgroup &Owners::cgroup_of(uint64_t id)
{
	const auto [at, added] = cgroups_.try_emplace(id);
	if (added) {
		at->second.path = cgroup_path(id);
		at->second.container = container_of(at->second.path);
	}
	return at->second;
}

Owner Owners::operator()(const Enter &enter)
{
	const ipt_event_owner &from = enter.owner;
	if (processes_.size() > kMost)
		processes_.clear();
	if (cgroups_.size() > kMost)
		cgroups_.clear();

	Owner owner;
	owner.uid = from.uid;
	owner.socket = from.socket;
	owner.sending = from.pid != 0;
	const Process process = owner.sending ? Process{ from.pid, std::string(name_of(from.comm)) } :
				from.socket   ? process_of(from.socket) :
						Process{};
	if (owner.sending && from.socket)
		processes_[from.socket] = process;
	owner.pid = process.pid;
	owner.process = process.name;
	owner.cgroup_id = from.cgroup;
	if (from.cgroup) {
		const Cgroup &cgroup = cgroup_of(from.cgroup);
		owner.cgroup = cgroup.path;
		owner.container = cgroup.container;
	}
	return owner;
}

} // namespace ipt
