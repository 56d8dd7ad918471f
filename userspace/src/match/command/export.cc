// SPDX-License-Identifier: GPL-2.0-only
#include "match/command/export.h"

#include "match/bpf/program.h"
#include "match/code/bytecode.h"
#include "match/code/verify.h"
#include "match/rules/saved.h"
#include "ruleset/save_lines.h"
#include "util/file.h"

namespace ipt {

namespace {

// As revision 1 stores it.
constexpr size_t kLongestPath = 511;

Result<std::string> as_bytecode(const Filter &code)
{
	if (code.size() > kShortCode)
		return Error{ fmt::format(
			"{} instructions, and revision 1 takes {}: split the rule, or pin an eBPF program "
			"that does the same",
			code.size(), kShortCode) };
	const std::string text = bytecode_text(code);
	if (text.size() > kLongestWord)
		return Error{ fmt::format(
			"its bytecode has {} characters, and iptables-restore takes words of {}: split the "
			"rule, or pin an eBPF program that does the same",
			text.size(), kLongestWord) };
	return fmt::format("--bytecode \"{}\"", text);
}

Result<std::string> pinned_as_it_is(const SavedMatch &match)
{
	if (match.text.size() > kLongestPath)
		return Error{ fmt::format(
			"the path has {} bytes, and revision 1 takes {}: pin the program under a shorter one",
			match.text.size(), kLongestPath) };
	// Who may not look leaves it to the restore.
	const auto program = open_pinned_program(match.text);
	if (program && program->type == kNetfilter)
		return Error{ fmt::format(
			"{} is of type netfilter, which revision 1 cannot run: pin one of type socket_filter",
			match.text) };
	return std::string();
}

// The options in terms of revision 1; empty: as they are.
Result<std::string> translate(const SavedMatch &match, Family family)
{
	if (!match.fault.empty())
		return Error{ match.fault };
	if (match.inverted)
		return Error{ "`!` has no counterpart in revision 1: turn the program's answer round instead" };
	switch (match.kind) {
	case SourceKind::pinned:
		return pinned_as_it_is(match);
	case SourceKind::object:
		return Error{ fmt::format(
			"--object-file has no counterpart in revision 1: pin the program by `iptables-bpf load {} "
			"PIN`, and write --object-pinned PIN",
			match.text) };
	case SourceKind::expression: {
		const auto code = compile_expression(match.text, family);
		return code ? as_bytecode(*code) : code.error();
	}
	default: {
		const auto code = parse_bytecode(match.text);
		if (!code)
			return code.error();
		if (auto status = verify(*code); !status)
			return status.error();
		return as_bytecode(*code);
	}
	}
}

} // namespace

Exported export_rules(std::string_view text, Family family)
{
	const Saved saved = parse_saved(text);
	if (family == Family::any)
		family = saved.family;
	Exported exported;
	size_t done = 0;
	for (const SavedRule &rule : saved.rules) {
		const auto start = static_cast<size_t>(rule.line.data() - text.data());
		bool changed = false;
		for (const SavedMatch &match : rule.matches) {
			const auto words = translate(match, family);
			if (!words) {
				exported.left.push_back(fmt::format("{}: {}", rule.number, words.error().message));
				continue;
			}
			if (words->empty() || *words == rule.line.substr(match.begin, match.end - match.begin))
				continue;
			exported.text += text.substr(done, start + match.begin - done);
			exported.text += *words;
			done = start + match.end;
			changed = true;
		}
		exported.changed += changed ? 1 : 0;
	}
	exported.text += text.substr(done);
	return exported;
}

Outcome export_file(const ExportOptions &options, Console &console)
{
	const auto text = read_file(options.file);
	if (!text)
		return console.fail(text.error());
	const Exported exported = export_rules(*text, options.family);
	console.out.write(exported.text);
	for (const std::string &left : exported.left)
		console.err.write(
			fmt::format("{}:{}\n", options.file == "-" ? "standard input" : options.file, printable(left)));
	return exported.left.empty() ? Outcome::done : Outcome::not_all;
}

} // namespace ipt
