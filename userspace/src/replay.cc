// SPDX-License-Identifier: GPL-2.0-only
#include "replay.h"

#include <cerrno>
#include <cstring>
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

// Opening the output would empty what is to be read.
bool same_file(const std::string &a, const std::string &b)
{
	struct stat first {};
	struct stat second {};
	return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

// Something that comes bit by bit, perhaps from a trace that goes on.
bool is_stream(const std::string &path)
{
	struct stat what {};
	return (path == "-" ? fstat(STDIN_FILENO, &what) : stat(path.c_str(), &what)) == 0 && !S_ISREG(what.st_mode);
}

} // namespace

Exit replay(const Options &options)
{
	if (!options.output.empty() && same_file(options.read, options.output))
		return fail(Exit::usage, { fmt::format("--read {}: it cannot be the output too", options.read) });
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
