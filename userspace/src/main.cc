// SPDX-License-Identifier: GPL-2.0-only
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "cli/options.h"
#include "output_of.h"
#include "replay.h"
#include "tracer.h"

namespace {

// Where the caller has closed some of the first three, no file that is opened later may be taken for one of them. Nothing can
// be read from the first, or written to the second, as if they were still closed.
void open_standard_files()
{
	for (const int fd : { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO }) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
	}
}

ipt::Exit answer(const std::string &text)
{
	if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
		return ipt::Exit::ok;
	return ipt::fail(ipt::Exit::failed, { fmt::format("cannot write: {}", std::strerror(errno)) });
}

} // namespace

int main(int argc, char **argv)
{
	open_standard_files();
	const auto parsed = ipt::parse_options(argc, argv);
	if (!parsed)
		return static_cast<int>(ipt::fail(ipt::Exit::usage, parsed.error()));
	if (parsed->answer)
		return static_cast<int>(answer(parsed->answer->text));
	const ipt::Options &options = parsed->options;
	return static_cast<int>(options.read.empty() ? ipt::trace(options) : ipt::replay(options));
}
