// SPDX-License-Identifier: GPL-2.0-only
#include "match/boot/pins.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/core.h>

#include "ruleset/save_lines.h"
#include "util/file.h"

namespace ipt {

namespace {

namespace fs = std::filesystem;

// As systemd looks for units; the first two are the administrator's.
constexpr std::array<const char *, 4> kUnitFolders{ "/etc/systemd/system", "/run/systemd/system",
						    "/usr/lib/systemd/system", "/lib/systemd/system" };

std::vector<fs::path> files_in(const fs::path &folder, const std::string &ending)
{
	std::vector<fs::path> files;
	std::error_code error;
	for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
		if (at->path().string().ends_with(ending))
			files.push_back(at->path());
	}
	std::sort(files.begin(), files.end());
	return files;
}

void read_line(std::string_view line, const std::string &where, WantedPins &wanted)
{
	const std::vector<Word> words = split_words(line);
	if (words.empty() || words[0].text.starts_with('#'))
		return;
	if (words.size() < 2 || words.size() > 3 || !words[0].text.starts_with('/') ||
	    !words[1].text.starts_with('/')) {
		wanted.faults.push_back(where + ": this is not PIN FILE [PROGRAM], with whole paths");
		return;
	}
	const auto same = std::find_if(wanted.pins.begin(), wanted.pins.end(),
				       [&](const WantedPin &pin) { return pin.pin == words[0].text; });
	if (same != wanted.pins.end()) {
		wanted.faults.push_back(fmt::format("{}: {} is made by {} already", where, words[0].text, same->where));
		return;
	}
	wanted.pins.push_back({ words[0].text, words[1].text, words.size() == 3 ? words[2].text : "", where });
}

} // namespace

WantedPins read_wanted_pins(const std::string &folder)
{
	WantedPins wanted;
	for (const fs::path &path : files_in(folder, ".conf")) {
		const auto text = read_file(path.string());
		if (!text) {
			wanted.faults.push_back(path.string() + ":1: " + text.error().message);
			continue;
		}
		SaveLines lines(*text);
		for (std::string_view line; lines.next(line);)
			read_line(line, fmt::format("{}:{}", path.string(), lines.number()), wanted);
	}
	return wanted;
}

std::string unit_that_names(const std::string &path)
{
	for (const char *folder : kUnitFolders) {
		for (const fs::path &unit : files_in(folder, ".service")) {
			const auto text = read_file(unit.string());
			if (text && text->find(path) != std::string::npos)
				return unit.filename().string();
		}
	}
	return {};
}

bool is_enabled(const std::string &unit)
{
	return std::any_of(kUnitFolders.begin(), kUnitFolders.end(), [&](const char *folder) {
		std::error_code error;
		for (const char *kind : { ".wants", ".requires" }) {
			for (const fs::path &link : files_in(folder, kind)) {
				if (fs::exists(fs::symlink_status(link / unit, error)))
					return true;
			}
		}
		return false;
	});
}

} // namespace ipt
