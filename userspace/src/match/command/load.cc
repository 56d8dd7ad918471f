// SPDX-License-Identifier: GPL-2.0-only
#include "match/command/load.h"

#include <filesystem>
#include <sstream>
#include <utility>
#include <vector>

#include "match/bpf/object.h"
#include "match/bpf/pin.h"
#include "match/bpf/program.h"

namespace ipt {

namespace {

namespace fs = std::filesystem;

// How much of a verifier's log is shown: the end, where it says what was wrong.
constexpr size_t kLogLines = 30;

// Pins that go again unless all of them could be made.
class Pins {
public:
	~Pins()
	{
		for (const std::string &path : made_)
			unlink(path.c_str());
	}
	Status add(int object, const std::string &path)
	{
		auto status = pin_at(object, path);
		if (status)
			made_.push_back(path);
		return status;
	}
	std::vector<std::string> keep() { return std::exchange(made_, {}); }

private:
	std::vector<std::string> made_;
};

struct Loaded {
	Program program;
	std::vector<std::string> maps; // their pins
};

Error taken(const std::string &pin)
{
	const auto there = open_pinned_program(pin);
	const std::string what = there ? program_text(*there) : "something else";
	return {
		fmt::format(
			"{} is taken by {}: choose another path, and let rules change over by `iptables-bpf swap --repin {} "
			"PATH`",
			pin, what, pin),
		EEXIST
	};
}

std::string beside(const std::string &pin, const std::string &map)
{
	return (fs::path(pin).parent_path() / map).string();
}

Result<Loaded> pin_all(Object &object, const std::string &pin)
{
	Loaded loaded;
	Pins pins;
	for (const ObjectMap &map : object.maps()) {
		const std::string path = beside(pin, map.name);
		if (map.internal)
			continue;
		loaded.maps.push_back(path);
		if (map.shared)
			continue;
		if (auto status = pins.add(map.fd, path); !status) {
			Error error = status.error();
			if (error.reason == EEXIST)
				error.message += "; --share-maps uses the map that is there, or choose another folder";
			return error;
		}
	}
	if (auto status = pins.add(object.fd(), pin); !status)
		return status.error();
	auto program = open_pinned_program(pin);
	if (!program)
		return program.error();
	loaded.program = *std::move(program);
	pins.keep();
	return loaded;
}

Result<Loaded> load_and_pin(const LoadOptions &options, std::string &log)
{
	if (auto status = can_pin(options.pin); !status)
		return status.error().reason == EEXIST ? taken(options.pin) : status.error();
	auto object = Object::open(options.file, options.program);
	if (!object)
		return object.error();
	const std::string folder = fs::absolute(options.pin).parent_path().string();
	if (auto status = object->load(log, options.share_maps ? folder : ""); !status)
		return status.error();
	log.clear();
	return pin_all(*object, options.pin);
}

void show_end(const std::string &log, Console &console)
{
	std::vector<std::string> lines;
	std::istringstream text(log);
	for (std::string line; std::getline(text, line);)
		lines.push_back(line);
	const size_t first = lines.size() > kLogLines ? lines.size() - kLogLines : 0;
	if (first)
		console.err.write(fmt::format("  ({} lines before these)\n", first));
	for (size_t i = first; i < lines.size(); i++)
		console.err.write("  " + printable(lines[i]) + "\n");
}

Outcome load_one(const LoadOptions &options, Console &console, const std::string &where)
{
	std::string log;
	const auto loaded = load_and_pin(options, log);
	if (!loaded) {
		show_end(log, console);
		return console.fail({ where + loaded.error().message, loaded.error().reason });
	}
	console.say(fmt::format("{}: {}, type {}, tag {}", printable(options.pin), program_text(loaded->program),
				program_type_name(loaded->program.type), loaded->program.tag));
	for (const std::string &map : loaded->maps)
		console.say(fmt::format("{}: map", printable(map)));
	return Outcome::done;
}

} // namespace

Outcome load_program(const LoadOptions &options, Console &console)
{
	return load_one(options, console, "");
}

// What is there already stays: the unit may be started again.
Outcome load_boot(const LoadOptions &options, Console &console)
{
	const WantedPins wanted = read_wanted_pins(options.pins);
	for (const std::string &fault : wanted.faults)
		console.fail({ fault });
	Outcome outcome = wanted.faults.empty() ? Outcome::done : Outcome::not_all;
	for (const WantedPin &pin : wanted.pins) {
		const auto there = open_pinned_program(pin.pin);
		if (there) {
			console.say(fmt::format("{}: {} is there already", printable(pin.pin), program_text(*there)));
			continue;
		}
		const LoadOptions one{ .file = pin.file, .pin = pin.pin, .program = pin.program, .share_maps = true };
		if (load_one(one, console, pin.where + ": ") != Outcome::done)
			outcome = Outcome::not_all;
	}
	if (wanted.pins.empty() && wanted.faults.empty())
		console.say(fmt::format("{} asks for no pins", options.pins));
	return outcome;
}

} // namespace ipt
