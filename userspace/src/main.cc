// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "cli/options.h"
#include "output_of.h"
#include "replay.h"
#include "tracer.h"

namespace {

// Where the caller has closed some of the first three, no file that is opened later may be taken for one of them.
void open_standard_files()
{
	int fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = dup(fd);
	if (fd >= 0)
		close(fd);
}

} // namespace

int main(int argc, char **argv)
{
	open_standard_files();
	const auto parsed = ipt::parse_options(argc, argv);
	if (!parsed)
		return static_cast<int>(ipt::fail(ipt::Exit::usage, parsed.error()));
	if (parsed->answer) {
		fmt::print("{}", parsed->answer->text);
		return static_cast<int>(ipt::Exit::ok);
	}
	const ipt::Options &options = parsed->options;
	return static_cast<int>(options.read.empty() ? ipt::trace(options) : ipt::replay(options));
}
