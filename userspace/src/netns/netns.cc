// SPDX-License-Identifier: GPL-2.0-only
#include "netns/netns.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <functional>
#include <memory>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "util/printable.h"
#include "util/process.h"

// Headers of before Linux 5.14 lack it.
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace ipt {

namespace {

constexpr const char *kNamedFolder = "/run/netns";
// Where Docker has those of containers, and of networks that no process is in.
constexpr std::array kDockerFolders = { "/run/docker/netns", "/var/run/docker/netns" };
constexpr long kNsfsMagic = 0x6e736673;
// More names are not kept.
constexpr size_t kNames = 16384;

Result<Netns> open_file(const std::string &path)
{
	Netns netns;
	netns.fd = Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!netns.fd)
		return Error{ std::strerror(errno) };
	struct statfs fs {};
	struct stat st {};
	if (fstatfs(netns.fd.get(), &fs) || fstat(netns.fd.get(), &st) || fs.f_type != kNsfsMagic)
		return Error{ "not a network namespace" };
	netns.inode = static_cast<uint32_t>(st.st_ino);
	return netns;
}

bool is_number(const std::string &word)
{
	return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

// The names in a folder for which the function answers true.
std::vector<std::string> names_in(const std::string &folder, const std::function<bool(const std::string &)> &wanted)
{
	std::vector<std::string> names;
	const std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir(folder.c_str()), closedir);
	while (const dirent *entry = dir ? readdir(dir.get()) : nullptr) {
		if (entry->d_name[0] != '.' && wanted(entry->d_name))
			names.emplace_back(entry->d_name);
	}
	return names;
}

std::vector<std::string> all_in(const std::string &folder)
{
	return names_in(folder, [](const std::string &) { return true; });
}

std::string of_process(const std::string &pid, const std::string &root = "")
{
	return fmt::format("{}/proc/{}/ns/net", root, pid);
}

bool is_inode(const std::string &path, uint32_t inode)
{
	struct stat st {};
	return stat(path.c_str(), &st) == 0 && st.st_ino == inode;
}

// Not if another namespace has got the name, or the number, since.
Result<Netns> open_if(const std::string &path, uint32_t inode)
{
	auto netns = open_file(path);
	if (netns && netns->inode != inode)
		return Error{ "the network namespace has just gone" };
	return netns;
}

// Whether the namespace there has that number, and that cookie as far as can be told. 0: it has none.
bool is_that(const std::string &path, uint32_t inode, uint64_t cookie)
{
	if (!cookie)
		return is_inode(path, inode);
	const auto netns = open_if(path, inode);
	if (!netns)
		return false;
	const auto inside = InNetns::enter(*netns);
	const uint64_t has = inside ? netns_cookie_here() : 0;
	return !has || has == cookie;
}

// The namespace's file in a folder, or nothing.
std::string file_in(const std::string &folder, uint32_t inode, uint64_t cookie)
{
	for (const std::string &name : all_in(folder)) {
		const std::string path = fmt::format("{}/{}", folder, name);
		if (is_inode(path, inode) && is_that(path, inode, cookie))
			return name;
	}
	return {};
}

// The first process of the namespace that will do, or nothing.
std::string process_in(uint32_t inode, const std::string &root, const std::function<bool(const std::string &)> &will_do)
{
	std::string found;
	names_in(root + "/proc", [&](const std::string &name) {
		if (found.empty() && is_number(name) && is_inode(of_process(name, root), inode) && will_do(name))
			found = name;
		return false;
	});
	return found;
}

} // namespace

Result<Netns> open_netns(const std::string &word)
{
	if (word.empty())
		return open_file("/proc/self/ns/net");
	const std::string path = word.find('/') != std::string::npos ? word :
				 is_number(word)		     ? of_process(word) :
								       fmt::format("{}/{}", kNamedFolder, word);
	auto netns = open_file(path);
	// A name may look like a number.
	if (!netns && is_number(word)) {
		if (auto other = open_file(fmt::format("{}/{}", kNamedFolder, word)))
			return other;
		return Error{ fmt::format("--netns {}: no such process or namespace ({}: {})", word, path,
					  netns.error().message) };
	}
	if (!netns)
		return Error{ fmt::format("--netns {}: {}: {} (`ip netns list` shows names)", word, path,
					  netns.error().message) };
	return netns;
}

Result<Netns> find_netns(uint32_t inode)
{
	if (is_inode("/proc/self/ns/net", inode))
		return open_if("/proc/self/ns/net", inode);
	for (const char *folder : { kNamedFolder, kDockerFolders[0], kDockerFolders[1] }) {
		if (const std::string name = file_in(folder, inode, 0); !name.empty())
			return open_if(fmt::format("{}/{}", folder, name), inode);
	}
	const std::string pid = process_in(inode, "", [](const std::string &) { return true; });
	if (pid.empty())
		return Error{ "the network namespace is gone, or nothing names it" };
	return open_if(of_process(pid), inode);
}

uint64_t netns_cookie_here()
{
	const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	if (!socket || getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		return 0;
	return cookie;
}

std::vector<Netns> known_netns()
{
	std::vector<Netns> all;
	if (auto own = open_netns(""))
		all.push_back(std::move(*own));
	for (const std::string &name : all_in(kNamedFolder)) {
		auto netns = open_file(fmt::format("{}/{}", kNamedFolder, name));
		if (netns && (all.empty() || netns->inode != all.front().inode))
			all.push_back(std::move(*netns));
	}
	return all;
}

// Its container, Docker's file, or itself.
NetnsNames::Name NetnsNames::of_process_in(uint32_t inode, uint64_t cookie) const
{
	std::string first;
	std::string container;
	std::string pid = process_in(inode, root_, [&](const std::string &candidate) {
		if (first.empty())
			first = candidate;
		container = container_of_ ? container_of_(candidate) : "";
		return !container.empty();
	});
	if (!pid.empty() && is_that(of_process(pid, root_), inode, cookie))
		return { std::move(container), of_process(pid, root_) };
	for (const char *below : kDockerFolders) {
		const std::string folder = root_ + below;
		if (const std::string name = file_in(folder, inode, cookie); !name.empty())
			return { "docker:" + printable(name), fmt::format("{}/{}", folder, name) };
	}
	if (!first.empty() && is_that(of_process(first, root_), inode, cookie))
		return { fmt::format("{}/{}", process_name(first), first), of_process(first, root_) };
	return { fmt::format("{}", inode), {} };
}

NetnsNames::Name NetnsNames::find(uint32_t inode, uint64_t cookie) const
{
	const std::string folder = root_ + kNamedFolder;
	if (const std::string name = file_in(folder, inode, cookie); !name.empty())
		return { printable(name), fmt::format("{}/{}", folder, name) };
	if (const std::string init = of_process("1", root_); is_inode(init, inode))
		return { "init", init };
	return of_process_in(inode, cookie);
}

std::string NetnsNames::operator()(uint32_t inode, uint64_t cookie)
{
	// Of namespaces that come and go each has an entry. Those that live are found again.
	if (names_.size() >= kNames)
		names_.clear();
	const auto [at, is_new] = names_.try_emplace({ inode, cookie });
	Name &name = at->second;
	if (is_new)
		name = find(inode, cookie);
	// Without a cookie the number may mean another namespace by now: if one is found that has it, it does.
	else if (!cookie && !name.path.empty() && !is_inode(name.path, inode)) {
		if (Name now = find(inode, cookie); !now.path.empty())
			name = std::move(now);
	}
	return name.text;
}

Result<InNetns> InNetns::enter(const Netns &netns)
{
	Fd back(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	if (!back || setns(netns.fd.get(), CLONE_NEWNET))
		return Error{ fmt::format("cannot enter the network namespace: {}", std::strerror(errno)) };
	return InNetns(std::move(back));
}

// In the wrong namespace everything that follows would be about another host: there is no going on.
InNetns::~InNetns()
{
	if (back_ && setns(back_.get(), CLONE_NEWNET))
		std::abort();
}

} // namespace ipt
