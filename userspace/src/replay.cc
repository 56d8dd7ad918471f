// SPDX-License-Identifier: GPL-2.0-only
#include "replay.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fmt/core.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "output_of.h"
#include "record/recording.h"
#include "sink/show.h"
#include "util/stop.h"

namespace ipt {

namespace {

// Of what is read; "-" is standard input.
std::optional<struct stat> input_of(const std::string &path)
{
	struct stat what {};
	if (path == "-" ? fstat(STDIN_FILENO, &what) : stat(path.c_str(), &what))
		return std::nullopt;
	return what;
}

bool is_file(const std::string &path, const struct stat &file)
{
	struct stat what {};
	return stat(path.c_str(), &what) == 0 && what.st_dev == file.st_dev && what.st_ino == file.st_ino;
}

// FILE.1 and so on, as many as are kept.
bool is_aged(const std::string &name, const std::string &file, unsigned int kept)
{
	if (!name.starts_with(file + "."))
		return false;
	unsigned int age = 0;
	const char *end = name.data() + name.size();
	const auto [rest, error] = std::from_chars(name.data() + file.size() + 1, end, age);
	return error == std::errc() && rest == end && age && age < kept;
}

// Whether rotation of the output would rename what is to be read, and remove it in the end.
bool would_rotate(const Options &options, const struct stat &input)
{
	const std::filesystem::path output(options.output);
	const std::string name = output.filename();
	std::error_code failed;
	std::filesystem::directory_iterator at(output.has_parent_path() ? output.parent_path() : ".", failed);
	for (; at != std::filesystem::directory_iterator(); at.increment(failed)) {
		if (is_aged(at->path().filename(), name, options.keep) && is_file(at->path(), input))
			return true;
	}
	return false;
}

// Opening the output would empty what is to be read.
std::string why_no_output(const Options &options)
{
	const auto input = input_of(options.read);
	if (options.output.empty() || !input || (options.read == "-" && !S_ISREG(input->st_mode)))
		return {};
	if (is_file(options.output, *input))
		return "it cannot be the output too";
	if (options.rotate && would_rotate(options, *input))
		return fmt::format("--rotate would rename it, as it is one of the files of {}", options.output);
	return {};
}

// Something that comes bit by bit, perhaps from a trace that goes on.
bool is_stream(const std::string &path)
{
	const auto input = input_of(path);
	return input && !S_ISREG(input->st_mode);
}

} // namespace

Exit replay(const Options &options)
{
	if (const std::string why_not = why_no_output(options); !why_not.empty())
		return fail(Exit::usage, { fmt::format("--read {}: {}", options.read, why_not) });
	auto output = open_output(options);
	if (!output)
		return fail(Exit::failed, output.error());

	// Recorded times are of the wall clock.
	const WallClock clock(0);
	std::optional<Show> show;
	std::optional<Summary> summary;
	const bool stream = is_stream(options.read);
	bool started = false;
	bool timed = false, untimed = false;
	JsonReader reader({
		// Each file of a rotated recording begins anew; one after the other they are one.
		[&](const Start &start) {
			if (!std::exchange(started, true))
				show->start(start);
		},
		[&](const Event &event, const Traversal &walk) { show->event(event, walk); },
		[&](PacketTrace &&trace) {
			for (const Traversal &walk : trace.traversals)
				(is_timed(walk) ? timed : untimed) = true;
			show->packet(std::move(trace));
			if (stream)
				output->flush();
		},
		// One of each trace, where several were put into one file.
		[&](const Summary &recorded) {
			if (summary)
				summary->add(recorded);
			else
				summary = recorded;
		},
	});
	const Look look =
		look_of(options, *output, clock, [&reader](const Head &head) { return reader.netns_name(head); });
	const auto sink = make_sink(options.format, *output, look);
	show.emplace(*sink, *output, display_of(options), options.count, Costs(options.dearest, look.netns_name));

	catch_stop_signals();
	// Behind the last packet that is wanted may stand what it made, and what was lost; but a stream may never end.
	const auto wanted = [&] { return !stop_requested() && !output->error() && !(stream && show->enough()); };
	const Status status = read_recording(options.read, reader, wanted);
	if (summary) {
		summary->packets = show->shown();
		if (options.dearest) {
			summary->dearest = show->costs().dearest();
			summary->dearest_rules = show->costs().dearest_rules();
		}
	}
	show->end(summary ? &*summary : nullptr);
	output->flush();
	if (output->error() && output->error() != EPIPE)
		return fail(Exit::failed,
			    { fmt::format("cannot write the trace: {}", std::strerror(output->error())) });
	if (!status)
		return fail(started ? Exit::failed : Exit::usage, status.error());
	if (options.cost && untimed && !timed)
		note("the recording does not say what rules took: that takes --cost when it is made");
	if (summary) {
		note(summary->text());
	} else {
		note(fmt::format("{}: what was lost is not known{}",
				 wanted() ? "the recording has no end, as it was cut off or goes on in another file" :
					    "the recording was not read to its end",
				 dearest_text(show->costs().dearest_rules(), show->costs().dearest())));
	}
	return summary && !summary->lossless() ? Exit::lost : Exit::ok;
}

} // namespace ipt
