// SPDX-License-Identifier: GPL-2.0-only
#include "match/bpf/pin.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace ipt {

namespace {

namespace fs = std::filesystem;

bool in_bpf_fs(const fs::path &path)
{
	struct statfs info {};
	return !statfs(path.c_str(), &info) && info.f_type == BPF_FS_MAGIC;
}

// The nearest folder above that is there.
fs::path existing_above(fs::path path)
{
	std::error_code ignored;
	do
		path = path.parent_path();
	while (path.has_relative_path() && !fs::exists(path, ignored));
	return path.empty() ? fs::path(".") : path;
}

Status pin_now(int object, const std::string &path)
{
	if (!bpf_obj_pin(object, path.c_str()))
		return {};
	const int error = errno;
	if (error == EPERM && fs::path(path).filename().string().find('.') != std::string::npos)
		return Error{ fmt::format("cannot pin {}: a BPF file system takes no name with a dot", path), EINVAL };
	const char *way_out = error == EPERM || error == EACCES ? "; pinning is root's: try sudo" : "";
	return Error{ fmt::format("cannot pin {}: {}{}", path, std::strerror(error), way_out), error };
}

} // namespace

Status can_pin(const std::string &path)
{
	const fs::path folder = existing_above(path);
	std::error_code ignored;
	if (!in_bpf_fs(folder))
		return Error{
			fmt::format(
				"cannot pin {}: {} is not in a BPF file system; choose a path below /sys/fs/bpf, where "
				"`mount -t bpf bpf /sys/fs/bpf` makes one",
				path, folder.string()),
			EINVAL
		};
	if (fs::exists(fs::symlink_status(path, ignored)))
		return Error{ fmt::format("cannot pin {}: {}", path, std::strerror(EEXIST)), EEXIST };
	return {};
}

Status pin_at(int object, const std::string &path)
{
	if (auto status = can_pin(path); !status)
		return status;
	std::error_code error;
	fs::create_directories(fs::path(path).parent_path(), error);
	if (error)
		return Error{ fmt::format("cannot make the folder of {}: {}", path, error.message()), error.value() };
	return pin_now(object, path);
}

// Pinned beside it first: to rename is one step for everybody who looks.
Status replace_pin(int object, const std::string &path)
{
	const std::string beside =
		(fs::path(path).parent_path() / fmt::format("iptables-bpf-{}", static_cast<long>(getpid()))).string();
	if (auto status = pin_now(object, beside); !status)
		return status;
	if (!std::rename(beside.c_str(), path.c_str()))
		return {};
	const int error = errno;
	unlink(beside.c_str());
	return Error{ fmt::format("cannot put the new pin in place of {}: {}", path, std::strerror(error)), error };
}

} // namespace ipt
