// SPDX-License-Identifier: GPL-2.0-only
#include "util/output.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>

namespace ipt {

namespace {

constexpr size_t kMuch = 65536;

} // namespace

Result<Output> Output::open(const std::string &path)
{
	if (path.empty())
		return Output(STDOUT_FILENO);
	Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
	if (!fd)
		return Error{ fmt::format("cannot write {}: {}", path, std::strerror(errno)) };
	return Output(std::move(fd));
}

void Output::write(std::string_view text)
{
	kept_ += text;
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
