// SPDX-License-Identifier: GPL-2.0-only
#include "output_of.h"

#include <cstdlib>
#include <cstring>
#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sink/folded.h"
#include "sink/json.h"
#include "sink/line.h"
#include "sink/pcapng.h"
#include "sink/tree.h"
#include "util/tell.h"

namespace ipt {

namespace {

bool wants_color(const Options &options, const Output &output)
{
	if (options.color != Color::automatic)
		return options.color == Color::always;
	const char *term = std::getenv("TERM");
	return isatty(output.fd()) && !std::getenv("NO_COLOR") && term && std::strcmp(term, "dumb") != 0;
}

size_t columns_of(const Options &options, const Output &output)
{
	winsize size{};
	if (options.width)
		return *options.width;
	return ioctl(output.fd(), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::set<std::string> set_of(const std::vector<std::string> &words)
{
	return { words.begin(), words.end() };
}

} // namespace

Result<Output> open_output(const Options &options)
{
	auto output = Output::open(options.output, { options.rotate, options.keep });
	if (output && options.format == Format::pcapng && isatty(output->fd()))
		return Error{
			"--format pcapng is not for a terminal: name a file with -o, or pipe it to another program"
		};
	return output;
}

Look look_of(const Options &options, const Output &output, const WallClock &clock, NetnsNameOf netns_name)
{
	return { clock,		  std::move(netns_name), wants_color(options, output), options.verbose,
		 options.explain, options.cost,		 columns_of(options, output) };
}

std::unique_ptr<Sink> make_sink(Format format, Output &output, const Look &look)
{
	switch (format) {
	case Format::line:
		return std::make_unique<LineSink>(output, look);
	case Format::json:
		return std::make_unique<JsonSink>(output, look);
	case Format::pcapng: {
		Look plain = look;
		plain.color = false;
		return std::make_unique<PcapngSink>(output, plain);
	}
	case Format::folded:
		return std::make_unique<FoldedSink>(output);
	case Format::tree:
		break;
	}
	return std::make_unique<TreeSink>(output, look);
}

Display display_of(const Options &options)
{
	return { set_of(options.verdicts),     set_of(options.chains), set_of(options.select.tables),
		 set_of(options.select.hooks), options.rules_only,     options.explain };
}

Exit fail(Exit code, const Error &error)
{
	note(error.message);
	return code;
}

void note(const std::string &text)
{
	if (!text.empty())
		tell(fmt::format("iptables-trace: {}\n", text));
}

} // namespace ipt
