// SPDX-License-Identifier: GPL-2.0-only
#include <cstring>
#include <variant>

#include "match/cli/commands.h"

namespace ipt {

namespace {

struct Run {
	Console &console;

	Outcome operator()(const MatchAnswer &answer) const
	{
		console.out.write(answer.text);
		return Outcome::done;
	}
	Outcome operator()(const SwapOptions &options) const { return swap_program(options, console); }
	Outcome operator()(const LoadOptions &options) const
	{
		return options.boot ? load_boot(options, console) : load_program(options, console);
	}
	Outcome operator()(const CheckOptions &options) const { return check_rules(options, console); }
	Outcome operator()(const ExportOptions &options) const { return export_file(options, console); }
	Outcome operator()(const CompileOptions &options) const { return compile_code(options, console); }
	Outcome operator()(const ListOptions &options) const { return list_rules(options, console); }
	Outcome operator()(const TestOptions &options) const { return test_packets(options, console); }
	Outcome operator()(const MapOptions &options) const { return use_map(options, console); }
	Outcome operator()(const StatsOptions &options) const { return switch_stats(options, console); }
};

Outcome run(int argc, char **argv, Console &console)
{
	const auto command = parse_match_options(argc, argv);
	if (!command) {
		console.fail(command.error());
		return Outcome::usage;
	}
	const Outcome outcome = std::visit(Run{ console }, *command);
	console.out.flush();
	if (console.out.error())
		return console.fail({ fmt::format("cannot write: {}", std::strerror(console.out.error())) });
	return outcome;
}

} // namespace

} // namespace ipt

int main(int argc, char **argv)
{
	ipt::Console console;
	const ipt::Outcome outcome = ipt::run(argc, argv, console);
	console.err.flush();
	return static_cast<int>(outcome);
}
