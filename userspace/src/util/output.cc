// SPDX-License-Identifier: GPL-2.0-only
#include "util/output.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>

namespace ipt {

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
	while (!text.empty() && !error_) {
		const ssize_t written = ::write(fd(), text.data(), text.size());
		if (written >= 0)
			text.remove_prefix(static_cast<size_t>(written));
		else if (errno != EINTR)
			error_ = errno;
	}
}

} // namespace ipt
