// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/core.h>

#include "cli/select_options.h"
#include "cli/text.h"
#include "cli/validators.h"

namespace ipt {

namespace {

// What the command line says, before it is judged.
struct Raw {
	std::string format = "tree";
	std::string color = "auto";
	std::string duration;
	std::string rotate;
	std::optional<uint32_t> explain_budget;
	RawSelection selection;
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

void describe(CLI::App &app, Options &options, Raw &raw)
{
	app.name("iptables-trace");
	app.formatter(std::make_shared<Help>());
	app.description(kDescription);
	app.footer(kFooter);
	app.set_help_flag("-h,--help", "This text");
	app.set_version_flag("--version", "iptables-trace " IPTABLES_EBPF_VERSION, "The version");
	app.add_option("--format", raw.format,
		       "tree: a block for each packet; line: a line for each\n"
		       "event; json, pcapng: recordings; folded: for flame graphs")
		->type_name("FORMAT")
		->check(one_of({ "tree", "line", "json", "pcapng", "folded" }));
	app.add_option("-c,--count", options.count, "End after so many packets")
		->type_name("COUNT")
		->check(whole_number_from<uint64_t>(1));
	app.add_option("--duration", raw.duration, "End after this time: 10, 500ms, 2m, 1h")
		->type_name("TIME")
		->check(something());
	app.add_option("--netns", options.netns,
		       "In these network namespaces (names of ip-netns(8),\nprocesses, files of one), or all")
		->type_name("NAME|PID|PATH,...")
		->delimiter(',')
		->check(something());
	app.add_flag("-4,--ipv4", raw.only4, "Only IPv4, and no ARP");
	app.add_flag("-6,--ipv6", raw.only6, "Only IPv6, and no ARP")->excludes("--ipv4");
	describe_selection(app, options.select, raw.selection);
	app.add_flag("--own-ssh", options.own_ssh, "Also the ssh connection that shows the trace");
	app.add_option("--color", raw.color, "Colours; auto: if the output is a terminal")
		->type_name("auto|always|never")
		->check(one_of({ "auto", "always", "never" }));
	app.add_option("--width", options.width, "Columns of the tree; 0: any (default: the terminal's)")
		->type_name("COLUMNS")
		->check(whole_number_from(0U));
	app.add_option("-o,--output", options.output, "Write the trace to this file")
		->type_name("FILE")
		->check(something());
	app.add_option("--rotate", raw.rotate, "When FILE has this size, go on in a new one: 64k, 100M")
		->type_name("SIZE")
		->check(something());
	app.add_option("--keep", options.keep, "So many files: FILE, FILE.1, ... (default: 10)")
		->type_name("FILES")
		->check(whole_number_from(1U))
		->needs("--rotate");
	app.add_option("--read", options.read, "Show a recording (json, pcapng) instead of tracing")
		->type_name("FILE")
		->check(something())
		->excludes("--netns", "--ipv4", "--ipv6", "--duration", "--in", "--out", "--mark", "--uid", "--pid",
			   "--cgroup", "--sample", "--first", "--rate", "--own-ssh");
	app.add_option("--verdict", options.verdicts,
		       "Show only packets that ended so: accept, drop, reject,\nqueue, stolen")
		->type_name("VERDICT,...")
		->delimiter(',')
		->check(one_of({ "accept", "drop", "reject", "queue", "stolen" }));
	app.add_option("--chain", options.chains, "Show only walks through a table that met these chains")
		->type_name("CHAIN,...")
		->delimiter(',')
		->check(something());
	app.add_option("--table", options.select.tables,
		       "From these tables on; shows these alone. One of nft's\nown: FAMILY:TABLE")
		->type_name("TABLE,...")
		->delimiter(',')
		->check(CLI::Validator(check_table, ""));
	app.add_flag("--rules-only", options.rules_only, "Show only rules: no policies, no tables without a rule");
	app.add_flag("--explain", options.explain,
		     "Show the rules that did not match too, and what of the\npacket they did not want");
	app.add_option("--explain-budget", raw.explain_budget,
		       "Observe no more matches in a second, on each CPU;\n0: no limit (default: 100000)")
		->type_name("MATCHES")
		->check(whole_number_from<uint32_t>(0))
		->excludes("--read");
	app.add_flag("--cost", options.cost, "Show what each rule took to be found, without what tracing takes");
	app.add_option("--dearest", options.dearest, "At the end, the rules and matches that took the most time")
		->type_name("COUNT")
		->check(whole_number_from(1U));
	app.add_flag("-v,--verbose", options.verbose, "More of the packet, and what the tool does");
	// What is given twice counts as it was given last, or all of it if it is a list. Behind a list comes the expression.
	for (CLI::Option *option : app.get_options({})) {
		if (option->get_expected_max() == 1)
			option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
		option->allow_extra_args(false);
	}
	app.add_option("expression", raw.expression);
}

std::string joined(const std::vector<std::string> &words)
{
	std::string text;
	for (const std::string &word : words)
		text += (text.empty() ? "" : " ") + word;
	return text;
}

Format format_of(const std::string &name)
{
	return name == "line"	? Format::line :
	       name == "json"	? Format::json :
	       name == "pcapng" ? Format::pcapng :
	       name == "folded" ? Format::folded :
				  Format::tree;
}

// What makes no sense together.
Status judge(const Options &options)
{
	if (options.rotate && options.output.empty())
		return Error{ "--rotate: standard output cannot be rotated, name a file with -o" };
	if (options.rotate && options.format == Format::folded)
		return Error{ "--rotate: --format folded writes once, at the end" };
	if (options.explain && options.rules_only)
		return Error{
			"--explain and --rules-only: where a packet was held against rules in vain is told by the ends of "
			"chains and the policies that --rules-only leaves out"
		};
	if (options.dearest && options.rules_only)
		return Error{
			"--dearest and --rules-only: in which chain a match was asked is told by the ends of chains and "
			"the policies that --rules-only leaves out"
		};
	if (options.explain && options.format == Format::folded)
		return Error{ "--explain: --format folded shows where the time goes, and no rules that did not match" };
	if (!options.read.empty() && !options.expression.empty())
		return Error{ "--read: what a recording holds was selected when it was made; without an expression, "
			      "--verdict, --chain and --table say what of it is shown" };
	const std::vector<std::string> &tables = options.select.tables;
	if (options.read.empty() && !options.arp() && !tables.empty() &&
	    std::all_of(tables.begin(), tables.end(), [](const auto &table) { return table.starts_with("arp:"); }))
		return Error{ fmt::format("--table {} with {}: no packet can match, those of ARP are none of IP",
					  tables.front(), options.ipv4 ? "-4" : "-6") };
	return options.read.empty() ? judge_selection(options.select) : Status();
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

Result<uint64_t> parse_size(const std::string &text)
{
	const Error wrong{ fmt::format("--rotate {}: not a size such as 65536, 64k, 100M or 2G", text) };
	uint64_t value = 0;
	const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
	const std::string unit(end, text.data() + text.size());
	const int shift = unit.empty()		     ? 0 :
			  unit == "k" || unit == "K" ? 10 :
			  unit == "m" || unit == "M" ? 20 :
			  unit == "g" || unit == "G" ? 30 :
						       -1;
	if (error != std::errc() || shift < 0 || value == 0 || value > UINT64_MAX >> shift)
		return wrong;
	return value << shift;
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
	if (!raw.rotate.empty()) {
		auto size = parse_size(raw.rotate);
		if (!size)
			return size.error();
		options.rotate = *size;
	}
	if (raw.explain_budget && !options.observes())
		return Error{ "--explain-budget: without --explain or --dearest no match is observed" };
	options.explain_budget = raw.explain_budget.value_or(options.explain_budget);
	if (auto status = take_selection(options.select, raw.selection); !status)
		return status.error();
	options.format = format_of(raw.format);
	options.color = color_of(raw.color);
	options.ipv4 = !raw.only6;
	options.ipv6 = !raw.only4;
	options.expression = joined(raw.expression);
	if (auto status = judge(options); !status)
		return status.error();
	return parsed;
}

} // namespace ipt
