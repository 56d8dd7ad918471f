// SPDX-License-Identifier: GPL-2.0-only
#include "match/command/stats.h"

#include <cstring>
#include <fcntl.h>

#include "util/fd.h"
#include "util/file.h"

namespace ipt {

namespace {

Error no_parameter(const std::string &path, int error)
{
	if (error == ENOENT)
		return {
			fmt::format(
				"{} is not there: xt_ebpf.ko is not loaded, or of a version without numbers; `sudo modprobe "
				"xt_ebpf` loads it",
				path),
			ENOPROTOOPT
		};
	const char *way_out = error == EACCES || error == EPERM ?
				      "; this is root's, as it concerns the whole machine: try "
				      "sudo" :
				      "";
	return { fmt::format("{}: {}{}", path, std::strerror(error), way_out), error };
}

Status set(const std::string &path, bool on)
{
	const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
	if (!file || write(file.get(), on ? "1" : "0", 1) != 1)
		return no_parameter(path, errno);
	return {};
}

// The kernel says Y, or 1.
Result<bool> is_on(const std::string &path)
{
	const auto text = read_file(path);
	if (!text)
		return no_parameter(path, text.error().reason);
	return text->starts_with('Y') || text->starts_with('1');
}

} // namespace

Outcome switch_stats(const StatsOptions &options, Console &console, const std::string &folder)
{
	const std::string count = folder + "/count";
	const std::string time = folder + "/time";
	const bool on = options.word == "on";
	const bool off = options.word == "off";
	// off takes both away unless --time names the one.
	if (on || (off && !options.time)) {
		if (auto status = set(count, on); !status)
			return console.fail(status.error());
	}
	if (off || (on && options.time)) {
		if (auto status = set(time, on); !status)
			return console.fail(status.error());
	}
	const auto counted = is_on(count);
	const auto timed = is_on(time);
	if (!counted || !timed)
		return console.fail(counted ? timed.error() : counted.error());
	console.say(fmt::format("rules are {}counted, and {}timed", *counted ? "" : "not ", *timed ? "" : "not "));
	return Outcome::done;
}

} // namespace ipt
