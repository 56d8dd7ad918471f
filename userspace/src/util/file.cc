// SPDX-License-Identifier: GPL-2.0-only
#include "util/file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>

#include "util/fd.h"

namespace ipt {

Result<std::string> read_file(const std::string &path)
{
	const bool input = path == "-";
	const Fd file(input ? -1 : open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!input && !file)
		return Error{ fmt::format("cannot read {}: {}", path, std::strerror(errno)), errno };
	std::string text;
	std::array<char, 65536> buffer{};
	for (;;) {
		const ssize_t size = read(input ? STDIN_FILENO : file.get(), buffer.data(), buffer.size());
		if (size > 0)
			text.append(buffer.data(), static_cast<size_t>(size));
		else if (size == 0)
			return text;
		else if (errno != EINTR)
			return Error{ fmt::format("cannot read {}: {}", path, std::strerror(errno)), errno };
	}
}

} // namespace ipt
