// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cmath>
#include <fmt/core.h>

#include "cli/text.h"

namespace ipt {

namespace {

// What the command line says, before it is judged.
struct Raw {
	std::string format = "tree";
	std::string color = "auto";
	std::string duration;
	std::vector<std::string> expression;
	bool only4 = false;
	bool only6 = false;
};

// CLI11's own form, without the names of validators and the list of positionals.
class Help : public CLI::Formatter {
public:
	Help() { column_width(30); }

	std::string make_usage(const CLI::App *, std::string) const override
	{
		return "\nUsage: iptables-trace [OPTION]... ['EXPRESSION']\n";
	}
	std::string make_positionals(const CLI::App *) const override { return ""; }
	std::string make_option_opts(const CLI::Option *option) const override
	{
		return option->get_type_name().empty() ? "" : " " + option->get_type_name();
	}
};

// One of these words; the type name in --help lists them already.
CLI::Validator one_of(std::vector<std::string> words)
{
	return CLI::IsMember(std::move(words)).description("");
}

CLI::Validator positive()
{
	return CLI::Validator(CLI::PositiveNumber).description("");
}

void describe(CLI::App &app, Options &options, Raw &raw)
{
	app.name("iptables-trace");
	app.formatter(std::make_shared<Help>());
	app.description(kDescription);
	app.footer(kFooter);
	app.set_help_flag("-h,--help", "This text");
	app.set_version_flag("--version", "iptables-trace " IPTABLES_EBPF_VERSION, "The version");
	app.add_option("--format", raw.format, "tree: a block for each packet; line: a line for each event")
		->type_name("tree|line")
		->check(one_of({ "tree", "line" }));
	app.add_option("-c,--count", options.count, "End after so many packets")->type_name("COUNT")->check(positive());
	app.add_option("--duration", raw.duration, "End after this time: 10, 500ms, 2m, 1h")->type_name("TIME");
	app.add_option("--netns", options.netns,
		       "In this network namespace (a name of ip-netns(8), a process,\na file of one), or all")
		->type_name("NAME|PID|PATH");
	app.add_flag("-4,--ipv4", raw.only4, "Only IPv4");
	app.add_flag("-6,--ipv6", raw.only6, "Only IPv6")->excludes("--ipv4");
	app.add_option("--color", raw.color, "Colours; auto: if the output is a terminal")
		->type_name("auto|always|never")
		->check(one_of({ "auto", "always", "never" }));
	app.add_option("-o,--output", options.output, "Write the trace to this file")->type_name("FILE");
	app.add_flag("-v,--verbose", options.verbose, "More of the packet, and what the tool does");
	// What is given twice counts as it was given last.
	for (CLI::Option *option : app.get_options({}))
		option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
	app.add_option("expression", raw.expression);
}

std::string joined(const std::vector<std::string> &words)
{
	std::string text;
	for (const std::string &word : words)
		text += (text.empty() ? "" : " ") + word;
	return text;
}

Color color_of(const std::string &name)
{
	return name == "always" ? Color::always : name == "never" ? Color::never : Color::automatic;
}

} // namespace

Result<std::chrono::milliseconds> parse_duration(const std::string &text)
{
	const Error wrong{ fmt::format("--duration {}: not a time such as 10, 500ms, 2m or 1h", text) };
	size_t used = 0;
	double value = 0;
	try {
		value = std::stod(text, &used);
	} catch (const std::exception &) {
		return wrong;
	}
	const std::string unit = text.substr(used);
	const double factor = unit == "ms"		  ? 1 :
			      unit.empty() || unit == "s" ? 1000 :
			      unit == "m"		  ? 60'000 :
			      unit == "h"		  ? 3'600'000 :
							    0;
	const double ms = value * factor;
	// A year is as good as for ever, and fits.
	if (!std::isfinite(ms) || ms < 1 || ms > 366.0 * 24 * 3'600'000)
		return wrong;
	return std::chrono::milliseconds(std::llround(ms));
}

std::string help_text()
{
	CLI::App app;
	Options options;
	Raw raw;
	describe(app, options, raw);
	return app.help();
}

Result<Parsed> parse_options(int argc, const char *const *argv)
{
	CLI::App app;
	Parsed parsed;
	Options &options = parsed.options;
	Raw raw;
	describe(app, options, raw);
	try {
		app.parse(argc, argv);
	} catch (const CLI::CallForHelp &) {
		parsed.answer = Answer{ app.help() };
		return parsed;
	} catch (const CLI::CallForVersion &version) {
		parsed.answer = Answer{ std::string(version.what()) + "\n" };
		return parsed;
	} catch (const CLI::ParseError &error) {
		return Error{ fmt::format("{} (see iptables-trace --help)", error.what()) };
	}

	if (!raw.duration.empty()) {
		auto duration = parse_duration(raw.duration);
		if (!duration)
			return duration.error();
		options.duration = *duration;
	}
	options.format = raw.format == "line" ? Format::line : Format::tree;
	options.color = color_of(raw.color);
	options.ipv4 = !raw.only6;
	options.ipv6 = !raw.only4;
	options.expression = joined(raw.expression);
	return parsed;
}

} // namespace ipt
