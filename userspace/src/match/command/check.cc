// SPDX-License-Identifier: GPL-2.0-only
#include "match/command/check.h"

#include <algorithm>
#include <map>
#include <optional>

#include "match/boot/modules.h"
#include "match/bpf/object.h"
#include "match/bpf/program.h"
#include "match/code/bytecode.h"
#include "match/code/verify.h"
#include "match/rules/saved.h"
#include "util/file.h"

namespace ipt {

namespace {

// The longest path that revision 1 takes.
constexpr size_t kShortPath = 511;

// What stands in a rule, judged one by one. Things that many rules name are looked at once.
class Checker {
public:
	Checker(const CheckOptions &options, const Saved &saved, std::string release)
		: options_(options), saved_(saved), release_(std::move(release)),
		  wanted_(read_wanted_pins(options.pins))
	{
	}

	// The problem of a match; empty: none.
	std::string problem(const SavedMatch &match);
	// Whether any of the rules so far is nothing for the in-tree match.
	bool needs_revision2() const { return needs_revision2_; }
	bool uses_boot_pins() const { return uses_boot_pins_; }
	const std::vector<std::string> &notes() const { return notes_; }
	const WantedPins &wanted() const { return wanted_; }

private:
	std::string bytecode(const std::string &text);
	std::string expression(const std::string &text);
	std::string pinned(const std::string &path);
	std::string pinned_now(const std::string &path);
	std::string pinned_at_boot(const std::string &path);
	std::string object(const std::string &file, const std::string &program);
	std::string loaded(Object &object, const std::string &file);
	std::string code_problem(const Filter &code);
	std::string runs_here(uint32_t type);
	void note(std::string text);

	const CheckOptions &options_;
	const Saved &saved_;
	std::string release_;
	WantedPins wanted_;
	std::map<std::string, std::string> pins_;
	std::map<std::string, std::string> objects_;
	std::vector<std::string> notes_;
	bool needs_revision2_ = false;
	bool uses_boot_pins_ = false;
};

void Checker::note(std::string text)
{
	if (std::find(notes_.begin(), notes_.end(), text) == notes_.end())
		notes_.push_back(std::move(text));
}

// Which programs the kernel knows.
std::string Checker::runs_here(uint32_t type)
{
	if (type != kNetfilter)
		return {};
	needs_revision2_ = true;
	if (older_than(release_, 6, 4))
		return fmt::format("it is of type netfilter, which kernel {} does not know (6.4 and later do)",
				   release_);
	return {};
}

std::string Checker::code_problem(const Filter &code)
{
	needs_revision2_ = needs_revision2_ || code.size() > kShortCode;
	const auto status = verify(code);
	return status ? "" : status.error().message;
}

std::string Checker::bytecode(const std::string &text)
{
	const auto code = parse_bytecode(text);
	if (!code)
		return code.error().message;
	if (is_for_ethernet(*code))
		return "the bytecode was made for Ethernet frames and would match nothing: make it by `tcpdump -y RAW -ddd`";
	return code_problem(*code);
}

std::string Checker::expression(const std::string &text)
{
	needs_revision2_ = true;
	const Family family = options_.family == Family::any ? saved_.family : options_.family;
	const auto code = compile_expression(text, family);
	return code ? code_problem(*code) : code.error().message;
}

std::string Checker::pinned_now(const std::string &path)
{
	const auto program = open_pinned_program(path);
	if (!program && (program.error().reason == EPERM || program.error().reason == EACCES)) {
		note(fmt::format("{}: not looked at: {}", path, program.error().message));
		return {};
	}
	if (!program)
		return program.error().message;
	if (!can_be_matched(program->type))
		return fmt::format("{} holds a program of type {}: a rule runs socket_filter and netfilter", path,
				   program_type_name(program->type));
	return runs_here(program->type);
}

// A BPF file system is empty after a boot: whoever fills it has to be known.
std::string Checker::pinned_at_boot(const std::string &path)
{
	const auto wanted = std::find_if(wanted_.pins.begin(), wanted_.pins.end(),
					 [&](const WantedPin &pin) { return pin.pin == path; });
	if (wanted != wanted_.pins.end()) {
		uses_boot_pins_ = true;
		const std::string wrong = object(wanted->file, wanted->program);
		return wrong.empty() ? "" : fmt::format("{} is to be pinned by {}: {}", path, wanted->where, wrong);
	}
	const std::string unit = unit_that_names(path);
	if (!unit.empty()) {
		note(fmt::format("{}: is named by {}, which has to pin it before the rules are restored{}", path, unit,
				 is_enabled(unit) ? "" : ", and is not enabled"));
		return {};
	}
	return fmt::format("{}: nothing is known that pins it at boot; write \"{} FILE.o\" into a file {}/NAME.conf",
			   path, path, options_.pins);
}

std::string Checker::pinned(const std::string &path)
{
	if (!path.starts_with('/'))
		return fmt::format("{}: the path is relative, and would be looked up from where the restore runs",
				   path);
	needs_revision2_ = needs_revision2_ || path.size() > kShortPath;
	return options_.now ? pinned_now(path) : pinned_at_boot(path);
}

// The verifier that runs now may judge otherwise than that of another kernel.
std::string Checker::loaded(Object &object, const std::string &file)
{
	if (release_ != running_release()) {
		note(fmt::format("{}: not loaded, as kernel {} is not running", file, release_));
		return {};
	}
	std::string log;
	const auto status = object.load(log);
	if (!status && status.error().reason == EPERM) {
		note(fmt::format("{}: not loaded: {}", file, status.error().message));
		return {};
	}
	return status ? "" : fmt::format("{}: {}", file, status.error().message);
}

std::string Checker::object(const std::string &file, const std::string &program)
{
	const std::string key = file + '\0' + program;
	const auto known = objects_.find(key);
	if (known != objects_.end())
		return known->second;
	auto opened = Object::open(file, program);
	std::string wrong = opened ? runs_here(opened->type()) : opened.error().message;
	if (wrong.empty())
		wrong = loaded(*opened, file);
	return objects_[key] = wrong;
}

std::string Checker::problem(const SavedMatch &match)
{
	needs_revision2_ = needs_revision2_ || match.inverted;
	if (!match.fault.empty())
		return match.fault;
	switch (match.kind) {
	case SourceKind::bytecode:
		return bytecode(match.text);
	case SourceKind::expression:
		return expression(match.text);
	case SourceKind::object:
		needs_revision2_ = true;
		if (!match.text.starts_with('/'))
			return fmt::format(
				"{}: the path is relative, and would be looked up from where the restore runs",
				match.text);
		return object(match.text, match.program);
	default:
		break;
	}
	const auto known = pins_.find(match.text);
	return known != pins_.end() ? known->second : pins_[match.text] = pinned(match.text);
}

// A ruleset that the in-tree match serves too is restored without ours.
std::optional<std::string> module_problem(const KernelFiles &kernel, bool needs_revision2, Console &console)
{
	const auto ours = find_module(kernel, "xt_ebpf");
	if (ours)
		return {};
	if (needs_revision2)
		return fmt::format(
			"{}; rules here need revision 2 of the match, which the in-tree xt_bpf does not have: build it "
			"by `make KVER={} && sudo make install KVER={}`, or by DKMS",
			ours.error().message, kernel.release, kernel.release);
	const auto stock = find_module(kernel, "xt_bpf");
	if (!stock)
		return fmt::format("{}; {}", ours.error().message, stock.error().message);
	console.warn(fmt::format("{}: the in-tree xt_bpf will serve the rules", ours.error().message));
	return {};
}

} // namespace

Outcome check_rules(const CheckOptions &options, Console &console)
{
	const auto text = read_file(options.file);
	if (!text)
		return console.fail(text.error());
	const auto kernel = find_kernel(options.kernel.empty() ? running_release() : options.kernel);
	if (!kernel)
		return console.fail(kernel.error());
	const Saved saved = parse_saved(*text);
	const std::string name = options.file == "-" ? "standard input" : options.file;

	// In the order of lines; what concerns all of the rules comes last.
	std::multimap<size_t, std::string> problems;
	for (const SavedFault &fault : saved.faults)
		problems.emplace(fault.number, fault.message);
	Checker checker(options, saved, kernel->release);
	for (const SavedRule &rule : saved.rules) {
		for (const SavedMatch &match : rule.matches) {
			const std::string problem = checker.problem(match);
			if (!problem.empty())
				problems.emplace(rule.number, problem);
		}
	}
	size_t count = problems.size();
	for (const auto &[number, problem] : problems)
		console.say(fmt::format("{}:{}: {}", name, number, printable(problem)));
	const auto say = [&](const std::string &problem) {
		console.say(problem);
		count++;
	};
	for (const std::string &fault : options.now ? std::vector<std::string>() : checker.wanted().faults)
		say(fault);
	if (!saved.rules.empty()) {
		if (const auto problem = module_problem(*kernel, checker.needs_revision2(), console))
			say(*problem);
	}
	if (checker.uses_boot_pins() && !is_enabled(kPinsUnit))
		say(fmt::format("{} is not enabled, and nothing will be pinned at boot: systemctl enable {}", kPinsUnit,
				kPinsUnit));
	for (const std::string &note : checker.notes())
		console.warn(note);
	console.say(fmt::format("{}: {} rules, {} of them with -m bpf, {} problems on kernel {}{}", name,
				saved.all_rules, saved.rules.size(), count, kernel->release,
				options.now ? " as it is now" : ""));
	return count ? Outcome::not_all : Outcome::done;
}

} // namespace ipt
