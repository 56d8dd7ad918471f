// SPDX-License-Identifier: GPL-2.0-only
#include "owner/sockets.h"

#include <array>
#include <charconv>
#include <dirent.h>
#include <fmt/core.h>
#include <memory>
#include <string_view>
#include <unistd.h>

#include "util/process.h"

namespace ipt {

namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR *)>;

uint32_t number_of(std::string_view text)
{
	uint32_t number = 0;
	const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
	return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

// "socket:[4026]"
uint32_t socket_behind(const Folder &descriptors, const char *name)
{
	constexpr std::string_view prefix = "socket:[";
	std::array<char, 64> link{};
	const ssize_t length = readlinkat(dirfd(descriptors.get()), name, link.data(), link.size());
	const std::string_view text(link.data(), length > 0 ? static_cast<size_t>(length) : 0);
	if (!text.starts_with(prefix) || !text.ends_with(']'))
		return 0;
	return number_of(text.substr(prefix.size(), text.size() - prefix.size() - 1));
}

} // namespace

void for_each_socket(const std::function<void(uint32_t inode, uint32_t pid, std::string name)> &tell)
{
	const Folder processes(opendir("/proc"), closedir);
	while (const dirent *process = processes ? readdir(processes.get()) : nullptr) {
		const uint32_t pid = number_of(process->d_name);
		const Folder descriptors(pid ? opendir(fmt::format("/proc/{}/fd", pid).c_str()) : nullptr, closedir);
		std::string name;
		while (const dirent *entry = descriptors ? readdir(descriptors.get()) : nullptr) {
			const uint32_t inode = socket_behind(descriptors, entry->d_name);
			if (!inode)
				continue;
			if (name.empty())
				name = process_name(process->d_name);
			tell(inode, pid, name);
		}
	}
}

} // namespace ipt
