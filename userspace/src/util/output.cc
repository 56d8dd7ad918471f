// SPDX-License-Identifier: GPL-2.0-only
#include "util/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

namespace ipt {

namespace {

constexpr size_t kMuch = 65536;

Fd open_empty(const std::string &path)
{
	return Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
}

// What is renamed has to be the file that is written, and no device, nor a link that stands for something else.
Status may_rotate(const std::string &path)
{
	struct stat what {};
	if (lstat(path.c_str(), &what) || S_ISREG(what.st_mode))
		return {};
	if (S_ISLNK(what.st_mode))
		return Error{ fmt::format("--rotate: {} is a symbolic link, name the file itself", path) };
	return Error{ fmt::format("--rotate: {} is not a regular file", path) };
}

bool exists(const std::string &path)
{
	struct stat what {};
	return lstat(path.c_str(), &what) == 0;
}

} // namespace

Result<Output> Output::open(const std::string &path, Rotation rotation)
{
	if (path.empty())
		return Output(STDOUT_FILENO);
	if (const Status status = rotation.bytes ? may_rotate(path) : Status(); !status)
		return status.error();
	Fd fd = open_empty(path);
	if (!fd)
		return Error{ fmt::format("cannot write {}: {}", path, std::strerror(errno)) };
	return Output(std::move(fd), path, rotation);
}

std::string Output::aged(unsigned int age) const
{
	return age ? fmt::format("{}.{}", path_, age) : path_;
}

// The oldest goes, the others grow older by one, as far as there are any.
void Output::rotate()
{
	flush();
	if (error_)
		return;
	unsigned int last = 0;
	while (last + 1 < rotation_.kept && exists(aged(last)))
		last++;
	for (unsigned int age = last; age > 0; age--) {
		if (rename(aged(age - 1).c_str(), aged(age).c_str()) && errno != ENOENT)
			error_ = errno;
	}
	if (error_)
		return;
	Fd fd = open_empty(path_);
	if (!fd)
		error_ = errno;
	else
		owned_ = std::move(fd);
	written_ = 0;
}

void Output::write(std::string_view text)
{
	kept_ += text;
	written_ += text.size();
	if (kept_.size() >= kMuch)
		flush();
}

void Output::flush()
{
	std::string_view rest = kept_;
	while (!rest.empty() && !error_) {
		const ssize_t written = ::write(fd(), rest.data(), rest.size());
		if (written >= 0)
			rest.remove_prefix(static_cast<size_t>(written));
		else if (errno != EINTR)
			error_ = errno;
	}
	kept_.clear();
}

} // namespace ipt
