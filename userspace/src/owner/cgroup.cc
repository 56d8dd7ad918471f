// SPDX-License-Identifier: GPL-2.0-only
#include "owner/cgroup.h"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <memory>
#include <mntent.h>

#include "util/fd.h"
#include "util/printable.h"

namespace ipt {

namespace {

// include/linux/exportfs.h: what the numbers of kernfs are called where file handles are told apart.
constexpr int kFileidKernfs = 0xfe;

std::string mount_point()
{
	const std::unique_ptr<FILE, int (*)(FILE *)> mounts(setmntent("/proc/self/mounts", "re"), endmntent);
	while (const mntent *entry = mounts ? getmntent(mounts.get()) : nullptr) {
		if (std::strcmp(entry->mnt_type, "cgroup2") == 0)
			return entry->mnt_dir;
	}
	return {};
}

std::string path_of(const Fd &fd)
{
	std::array<char, 4096> path{};
	const ssize_t length = readlink(fmt::format("/proc/self/fd/{}", fd.get()).c_str(), path.data(), path.size());
	return length > 0 ? std::string(path.data(), static_cast<size_t>(length)) : std::string();
}

} // namespace

std::string cgroup_path(uint64_t id)
{
	const std::string mount = mount_point();
	const Fd root(mount.empty() ? -1 : open(mount.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!root)
		return {};

	alignas(file_handle) std::array<char, sizeof(file_handle) + sizeof(id)> bytes{};
	auto *handle = reinterpret_cast<file_handle *>(bytes.data());
	handle->handle_bytes = sizeof(id);
	handle->handle_type = kFileidKernfs;
	std::memcpy(handle->f_handle, &id, sizeof(id));
	const Fd folder(open_by_handle_at(root.get(), handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!folder)
		return {};

	const std::string path = path_of(folder);
	if (!path.starts_with(mount))
		return {};
	return path == mount ? "/" : printable(std::string_view(path).substr(mount.size()));
}

} // namespace ipt
