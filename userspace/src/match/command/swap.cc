// SPDX-License-Identifier: GPL-2.0-only
#include "match/command/swap.h"

#include <map>
#include <set>

#include "match/bpf/pin.h"
#include "match/bpf/program.h"
#include "match/kernel/module.h"
#include "xt_ebpf.h"

namespace ipt {

namespace {

std::string rules_text(size_t count)
{
	return fmt::format("{} {}", count, count == 1 ? "rule" : "rules");
}

bool pinned_as(const KernelRule &rule, const std::string &path)
{
	return rule.source == XT_EBPF_PINNED && rule.text == path;
}

bool holds(const std::string &path, uint32_t id)
{
	const auto there = open_pinned_program(path);
	return there && there->id == id;
}

// Rules that were written with the path may run another program since an earlier exchange.
Error nobody_runs(const std::string &word, const Program &old, const std::vector<KernelRule> &rules)
{
	std::map<uint32_t, std::pair<std::string, size_t>> others;
	for (const KernelRule &rule : rules) {
		if (!pinned_as(rule, word) || !rule.program_id)
			continue;
		auto &[name, count] = others[*rule.program_id];
		name = rule.program_name;
		count++;
	}
	std::string message = fmt::format("no rule of revision 2 in this network namespace runs {}", program_text(old));
	for (const auto &[id, other] : others)
		message += fmt::format("; {} written with {} now run{} {}: name that by its number, {}",
				       rules_text(other.second), word, other.second == 1 ? "s" : "",
				       program_text(id, other.first), id);
	if (others.empty())
		message +=
			"; rules of revisions 0 and 1 keep their program until they are added anew (see iptables-bpf list)";
	return { message };
}

// Where the next restore, or the next rule, would find the old program: the paths that the rules were written with.
std::set<std::string> pins_of(const SwapOptions &options, const Program &old, const std::vector<KernelRule> &rules)
{
	std::set<std::string> paths;
	if (options.old_program.starts_with('/'))
		paths.insert(options.old_program);
	for (const KernelRule &rule : rules) {
		if (rule.source == XT_EBPF_PINNED)
			paths.insert(rule.text);
	}
	std::erase_if(paths, [&](const std::string &path) { return !holds(path, old.id); });
	return paths;
}

std::set<std::string> objects_of(const std::vector<KernelRule> &rules)
{
	std::set<std::string> files;
	for (const KernelRule &rule : rules) {
		if (rule.source == XT_EBPF_OBJECT)
			files.insert(rule.text.substr(0, rule.text.find('\0')));
	}
	return files;
}

// All of these pins, or none.
Status repin(const std::set<std::string> &paths, const Program &from, const Program &to)
{
	for (auto path = paths.begin(); path != paths.end(); ++path) {
		const auto status = replace_pin(to.fd.get(), *path);
		if (status)
			continue;
		Error error = status.error();
		while (path != paths.begin()) {
			--path;
			if (auto back = replace_pin(from.fd.get(), *path); !back)
				error.message +=
					fmt::format("; and {} keeps the new program: {}", *path, back.error().message);
		}
		return error;
	}
	return {};
}

// What would undo the exchange without a word.
void warn_of_return(const SwapOptions &options, const Program &old, const std::set<std::string> &pins,
		    const std::vector<KernelRule> &rules, Console &console)
{
	if (!options.repin) {
		for (const std::string &path : pins)
			console.warn(
				fmt::format("{} still holds {}: the next restore of the rules brings it back; --repin "
					    "replaces the pin too",
					    path, program_text(old)));
	}
	for (const std::string &file : objects_of(rules))
		console.warn(fmt::format(
			"rules were written with --object-file {}: the next restore loads that file again; put "
			"the new one in its place",
			file));
}

} // namespace

Outcome swap_program(const SwapOptions &options, Console &console)
{
	const auto old = open_program(options.old_program);
	if (!old)
		return console.fail(old.error());
	const auto next = open_pinned_program(options.new_program);
	if (!next)
		return console.fail(next.error());
	if (old->id == next->id)
		return console.fail({ fmt::format("{} and {} are the same program, {}", options.old_program,
						  options.new_program, program_text(*old)) });
	if (old->type != next->type)
		return console.fail(
			{ fmt::format("{} is of type {}, and can only be exchanged for one of that type; {} is of "
				      "type {}",
				      program_text(*old), program_type_name(old->type), options.new_program,
				      program_type_name(next->type)) });

	auto kernel = XtEbpf::open();
	if (!kernel)
		return console.fail(kernel.error());
	const auto rules = kernel->rules(old->id);
	if (!rules)
		return console.fail(rules.error());
	if (rules->empty()) {
		const auto all = kernel->rules();
		return console.fail(all ? nobody_runs(options.old_program, *old, *all) : all.error());
	}

	// Pins first: a rule that is added from now on has the new program, and the exchange finds all the others.
	const std::set<std::string> pins = pins_of(options, *old, *rules);
	if (options.repin) {
		if (auto status = repin(pins, *old, *next); !status)
			return console.fail(status.error());
	}
	const auto swapped = kernel->swap(old->id, next->fd.get());
	if (!swapped) {
		Error error = swapped.error();
		if (auto back = options.repin ? repin(pins, *next, *old) : Status(); !back)
			error.message += "; the pins hold the new program already: " + back.error().message;
		return console.fail(error);
	}
	console.say(fmt::format("{} now run{} {} in place of {}", rules_text(*swapped), *swapped == 1 ? "s" : "",
				program_text(*next), program_text(*old)));
	if (options.repin) {
		for (const std::string &path : pins)
			console.say(fmt::format("{} holds {}", printable(path), program_text(*next)));
	}
	warn_of_return(options, *old, pins, *rules, console);
	return Outcome::done;
}

} // namespace ipt
