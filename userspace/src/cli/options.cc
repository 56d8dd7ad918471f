// SPDX-License-Identifier: GPL-2.0-only
#include "cli/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <charconv>
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
	std::string rotate;
	std::string mark;
	std::string sample;
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

// What the kernel holds against a packet before it is traced.
void describe_selection(CLI::App &app, SelectOptions &select, Raw &raw)
{
	app.add_option("--in", select.in, "Packets that came in by this device; eth+: any that begins so")
		->type_name("DEVICE");
	app.add_option("--out", select.out, "Packets that go out by it")->type_name("DEVICE");
	app.add_option("--mark", raw.mark, "Packets with this mark")->type_name("VALUE[/MASK]");
	app.add_option("--uid", select.user, "Packets of this user's sockets")->type_name("USER");
	app.add_option("--pid", select.pid,
		       "Packets that this process sends; in its namespace,\nunless --netns names others")
		->type_name("PID")
		->check(positive());
	app.add_option("--cgroup", select.cgroup, "Packets of the sockets of a cgroup, or below it")->type_name("PATH");
	app.add_option("--hook", select.hooks,
		       "From this hook on: PREROUTING, INPUT, FORWARD, OUTPUT,\nPOSTROUTING; shows these alone")
		->type_name("HOOK,...")
		->delimiter(',')
		->transform(
			CLI::IsMember({ "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" }, CLI::ignore_case)
				.description(""));
	app.add_option("--sample", raw.sample, "One packet of so many")->type_name("1/N");
	app.add_option("--first", select.first, "The first packets of each flow")
		->type_name("PACKETS")
		->check(positive());
	app.add_option("--rate", select.rate,
		       "No further packet while there were so many events in\na second; 0: no limit (default: 50000)")
		->type_name("EVENTS");
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
	app.add_option("-c,--count", options.count, "End after so many packets")->type_name("COUNT")->check(positive());
	app.add_option("--duration", raw.duration, "End after this time: 10, 500ms, 2m, 1h")->type_name("TIME");
	app.add_option("--netns", options.netns,
		       "In these network namespaces (names of ip-netns(8),\nprocesses, files of one), or all")
		->type_name("NAME|PID|PATH,...")
		->delimiter(',');
	app.add_flag("-4,--ipv4", raw.only4, "Only IPv4");
	app.add_flag("-6,--ipv6", raw.only6, "Only IPv6")->excludes("--ipv4");
	describe_selection(app, options.select, raw);
	app.add_option("--color", raw.color, "Colours; auto: if the output is a terminal")
		->type_name("auto|always|never")
		->check(one_of({ "auto", "always", "never" }));
	app.add_option("--width", options.width, "Columns of the tree; 0: any (default: the terminal's)")
		->type_name("COLUMNS");
	app.add_option("-o,--output", options.output, "Write the trace to this file")->type_name("FILE");
	app.add_option("--rotate", raw.rotate, "When FILE has this size, go on in a new one: 64k, 100M")
		->type_name("SIZE");
	app.add_option("--keep", options.keep, "So many files: FILE, FILE.1, ... (default: 10)")
		->type_name("FILES")
		->check(positive());
	app.add_option("--read", options.read, "Show a recording (json, pcapng) instead of tracing")
		->type_name("FILE")
		->excludes("--netns", "--duration", "--in", "--out", "--mark", "--uid", "--pid", "--cgroup", "--sample",
			   "--first", "--rate");
	app.add_option("--verdict", options.verdicts,
		       "Show only packets that ended so: accept, drop, reject,\nqueue, stolen")
		->type_name("VERDICT,...")
		->delimiter(',')
		->check(one_of({ "accept", "drop", "reject", "queue", "stolen" }));
	app.add_option("--chain", options.chains, "Show only walks through a table that met these chains")
		->type_name("CHAIN,...")
		->delimiter(',');
	app.add_option("--table", options.tables, "From these tables on; shows these alone")
		->type_name("TABLE,...")
		->delimiter(',');
	app.add_flag("--rules-only", options.rules_only, "Show only rules: no policies, no tables without a rule");
	app.add_flag("-v,--verbose", options.verbose, "More of the packet, and what the tool does");
	// What is given twice counts as it was given last.
	for (CLI::Option *option : app.get_options({}))
		if (option->get_expected_max() == 1)
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
	if (!options.read.empty() && !options.expression.empty())
		return Error{ "--read: what a recording holds was selected when it was made; without an expression, "
			      "--verdict, --chain and --table say what of it is shown" };
	return {};
}

// Decimal, or hexadecimal with 0x; the whole text.
std::optional<uint32_t> parse_number(std::string_view text)
{
	const bool hex = text.starts_with("0x") || text.starts_with("0X");
	text.remove_prefix(hex ? 2 : 0);
	uint32_t value = 0;
	const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
	return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value) :
											   std::nullopt;
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

Result<Mark> parse_mark(const std::string &text)
{
	const Error wrong{ fmt::format("--mark {}: not a mark such as 7, 0x10 or 0x10/0xf0", text) };
	const size_t slash = text.find('/');
	const auto value = parse_number(text.substr(0, slash));
	const auto mask = slash == std::string::npos ? std::optional(UINT32_MAX) : parse_number(text.substr(slash + 1));
	if (!value || !mask)
		return wrong;
	if (*value & ~*mask)
		return Error{ fmt::format("--mark {}: no packet can match, the value has bits outside of the mask",
					  text) };
	return Mark{ *value, *mask };
}

Result<uint32_t> parse_sample(const std::string &text)
{
	const auto number = parse_number(text.starts_with("1/") ? text.substr(2) : text);
	if (!number || *number == 0)
		return Error{ fmt::format("--sample {}: not a share such as 1/100", text) };
	return *number;
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
	if (!raw.mark.empty()) {
		auto mark = parse_mark(raw.mark);
		if (!mark)
			return mark.error();
		options.select.mark = *mark;
	}
	if (!raw.sample.empty()) {
		auto sample = parse_sample(raw.sample);
		if (!sample)
			return sample.error();
		options.select.sample = *sample;
	}
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
