// SPDX-License-Identifier: GPL-2.0-only
#include "match/bpf/program.h"

#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/vfs.h>

namespace ipt {

namespace {

Error not_allowed(const std::string &what, int error)
{
	return { fmt::format("{}: {}; programs are root's to handle: try sudo", what, std::strerror(error)), error };
}

Error no_pin(const std::string &path, int error)
{
	struct statfs fs {};
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return { fmt::format("{}: nothing is pinned there; load a program by `iptables-bpf load FILE.o {}`",
				     path, path),
			 ENOENT };
	case EACCES:
	case EPERM:
		if (!statfs(path.c_str(), &fs) && fs.f_type != BPF_FS_MAGIC)
			return { fmt::format("{} is not in a BPF file system (/sys/fs/bpf), so no pinned program",
					     path),
				 EINVAL };
		return not_allowed(path, error);
	default:
		return { fmt::format("{}: {}", path, std::strerror(error)), error };
	}
}

// Two questions: how much there is, and all of it.
Result<Program> described(Fd fd, const std::string &what)
{
	Program program;
	bpf_prog_info info{};
	uint32_t size = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd.get(), &info, &size))
		return Error{ fmt::format("{}: the kernel tells nothing about it: {}", what, std::strerror(errno)),
			      errno };
	program.maps.resize(info.nr_map_ids);
	bpf_prog_info more{};
	size = sizeof(more);
	more.nr_map_ids = info.nr_map_ids;
	more.map_ids = reinterpret_cast<uintptr_t>(program.maps.data());
	if (bpf_obj_get_info_by_fd(fd.get(), &more, &size))
		return Error{ fmt::format("{}: the kernel tells nothing about it: {}", what, std::strerror(errno)),
			      errno };
	program.fd = std::move(fd);
	program.id = info.id;
	program.type = info.type;
	program.name.assign(info.name, strnlen(info.name, sizeof(info.name)));
	for (const uint8_t byte : info.tag)
		program.tag += fmt::format("{:02x}", byte);
	return program;
}

} // namespace

std::string object_kind(const Fd &fd)
{
	std::array<char, PATH_MAX> target{};
	const ssize_t size = readlink(fmt::format("/proc/self/fd/{}", fd.get()).c_str(), target.data(), target.size());
	const std::string_view text(target.data(), size < 0 ? 0 : static_cast<size_t>(size));
	return std::string(text.substr(text.find(':') + 1));
}

Result<Program> open_pinned_program(const std::string &path)
{
	Fd fd(bpf_obj_get(path.c_str()));
	if (!fd)
		return no_pin(path, errno);
	const std::string kind = object_kind(fd);
	if (kind != "bpf-prog")
		return Error{ fmt::format("{} is a {}, no program", path, kind == "bpf-map" ? "map" : kind), EINVAL };
	return described(std::move(fd), path);
}

Result<Program> open_program(uint32_t id)
{
	Fd fd(bpf_prog_get_fd_by_id(id));
	const std::string what = fmt::format("program {}", id);
	if (!fd && errno == EPERM)
		return not_allowed(what, errno);
	if (!fd)
		return Error{
			fmt::format("there is no program {}; `iptables-bpf list` and `bpftool prog` show what there is",
				    id),
			errno
		};
	return described(std::move(fd), what);
}

Result<Program> open_program(const std::string &word)
{
	uint32_t id = 0;
	const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), id);
	if (error == std::errc() && rest == word.data() + word.size())
		return open_program(id);
	return open_pinned_program(word);
}

std::string program_type_name(uint32_t type)
{
	if (type == kNetfilter)
		return "netfilter";
	const char *name = libbpf_bpf_prog_type_str(static_cast<bpf_prog_type>(type));
	return name ? name : fmt::format("type {}", type);
}

bool can_be_matched(uint32_t type)
{
	return type == kSocketFilter || type == kNetfilter;
}

std::string program_text(uint32_t id, const std::string &name)
{
	return name.empty() ? fmt::format("program {}", id) : fmt::format("program {} ({})", id, name);
}

} // namespace ipt
