// SPDX-License-Identifier: GPL-2.0-only
#include "match/cli/commands.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <fmt/core.h>

#include "match/cli/text.h"

namespace ipt {

namespace {

constexpr std::array kTexts{ &kListText,    &kSwapText,	 &kLoadText,   &kTestText,
			     &kCompileText, &kCheckText, &kExportText, &kStatsText };

// CLI11's own form, with the usage of the command and without the names of validators and the list of positionals.
class MatchHelp : public CLI::Formatter {
public:
	MatchHelp() { column_width(30); }

	std::string make_usage(const CLI::App *app, std::string) const override
	{
		const bool command = app->get_parent() != nullptr;
		return fmt::format("\nUsage: iptables-bpf {}\n",
				   command ? app->get_name() + " " + text_of(app).usage : "COMMAND ...");
	}
	std::string make_positionals(const CLI::App *) const override { return ""; }
	std::string make_option_opts(const CLI::Option *option) const override
	{
		return option->get_type_name().empty() ? "" : " " + option->get_type_name();
	}
	// A line for each command; what else there is to say, its own --help says.
	std::string make_subcommands(const CLI::App *app, CLI::AppFormatMode) const override
	{
		std::string text;
		for (const CLI::App *command : app->get_subcommands([](const CLI::App *) { return true; }))
			text += fmt::format("  {:10}{}\n", command->get_name(), text_of(command).headline);
		return text.empty() ? text : "\nCommands:\n" + text;
	}

private:
	static const CommandText &text_of(const CLI::App *command)
	{
		const auto is = [&](const CommandText *text) { return command->get_name() == text->name; };
		return **std::find_if(kTexts.begin(), kTexts.end(), is);
	}
};

struct Family46 {
	bool only4 = false;
	bool only6 = false;

	Family family() const { return only4 ? Family::ipv4 : only6 ? Family::ipv6 : Family::any; }
};

// All that the command line can say.
struct Raw {
	SwapOptions swap;
	CheckOptions check;
	ExportOptions exported;
	StatsOptions stats;
	LoadOptions load;
	CompileOptions compile;
	ListOptions list;
	TestOptions test;
	MapOptions map;
	std::vector<std::string> words; // of an expression
	Family46 family;
};

CLI::Validator one_of(std::vector<std::string> words)
{
	return CLI::IsMember(std::move(words)).description("");
}

CLI::App *add_command(CLI::App &app, const CommandText &text)
{
	CLI::App *command = app.add_subcommand(text.name, text.description);
	command->footer(text.examples);
	return command;
}

void add_family(CLI::App *command, Family46 &family)
{
	command->add_flag("-4,--ipv4", family.only4, "For IPv4");
	command->add_flag("-6,--ipv6", family.only6, "For IPv6")->excludes("--ipv4");
}

void add_pins(CLI::App *command, std::string &folder)
{
	command->add_option("--pins", folder,
			    fmt::format("Where the pins of a boot are written down\n(default: {})", kPinsFolder))
		->type_name("FOLDER");
}

void add_swap(CLI::App &app, SwapOptions &options)
{
	CLI::App *command = add_command(app, kSwapText);
	command->add_option("OLD", options.old_program)->required();
	command->add_option("NEW", options.new_program)->required();
	command->add_flag(
		"--repin", options.repin,
		"Put the new program also where the old one is pinned, so that\nrestored and added rules have it too");
}

void add_check(CLI::App &app, CheckOptions &options, Family46 &family)
{
	CLI::App *command = add_command(app, kCheckText);
	command->add_option("FILE", options.file)->required();
	command->add_option("-k,--kernel", options.kernel, "Restored by this kernel (default: the one that runs)")
		->type_name("RELEASE");
	command->add_flag("--now", options.now, "Restored now: what is pinned counts, not what a boot pins");
	add_pins(command, options.pins);
	add_family(command, family);
}

void add_export(CLI::App &app, ExportOptions &options, Family46 &family)
{
	CLI::App *command = add_command(app, kExportText);
	command->add_option("FILE", options.file);
	add_family(command, family);
}

void add_stats(CLI::App &app, StatsOptions &options)
{
	CLI::App *command = add_command(app, kStatsText);
	command->add_option("WORD", options.word)->check(one_of({ "on", "off" }));
	command->add_flag("--time", options.time, "Also, or with off only, the time that they take");
}

void add_load(CLI::App &app, LoadOptions &options)
{
	CLI::App *command = add_command(app, kLoadText);
	command->add_option("FILE", options.file);
	command->add_option("PIN", options.pin);
	command->add_option("--program", options.program, "The program, if the object has several")->type_name("NAME");
	command->add_flag("--share-maps", options.share_maps,
			  "Use the maps that are pinned there already, by their names");
	command->add_flag("--boot", options.boot, "Make the pins that are written down for a boot");
	add_pins(command, options.pins);
}

void add_compile(CLI::App &app, CompileOptions &options, std::vector<std::string> &words, Family46 &family)
{
	CLI::App *command = add_command(app, kCompileText);
	command->add_option("EXPRESSION", words)->required();
	command->add_option("--format", options.format, "iptables: for a rule; c: for a C program; asm: in words")
		->type_name("iptables|c|asm")
		->check(one_of({ "iptables", "c", "asm" }));
	add_family(command, family);
}

void add_list(CLI::App &app, ListOptions &options)
{
	CLI::App *command = add_command(app, kListText);
	command->add_flag("--json", options.json, "As JSON, for other programs");
}

void add_test(CLI::App &app, TestOptions &options, Family46 &family)
{
	CLI::App *command = add_command(app, kTestText);
	command->add_option("SOURCE", options.source)->required();
	command->add_option("--pcap", options.pcap,
			    "The packets, as tcpdump writes them to a file;\n- is standard input")
		->type_name("FILE")
		->required();
	command->add_option("--program", options.program, "The program, if the object has several")->type_name("NAME");
	command->add_flag("-v,--verbose", options.verbose, "Every instruction that ran, of bytecode and expressions");
	add_family(command, family);
}

void add_map(CLI::App &app, MapOptions &options)
{
	CLI::App *command = add_command(app, kMapText);
	command->add_option("OWNER", options.owner)->required();
	command->add_option("ACTION", options.action)->required()->check(one_of({ "list", "get", "set", "del" }));
	command->add_option("KEY", options.key);
	command->add_option("VALUE", options.value);
	command->add_option("--map", options.map, "The map, if the program has several")->type_name("NAME");
}

// Which of the optional arguments a command wants; empty: it has them.
std::string lacks(const LoadOptions &load)
{
	const bool named = !load.file.empty() || !load.pin.empty();
	if (load.boot == named)
		return "FILE and PIN, or --boot?";
	return load.pin.empty() && !load.boot ? "PIN is required" : "";
}

std::string lacks(const MapOptions &map)
{
	const bool key = map.action != "list";
	const bool value = map.action == "set";
	if (key == map.key.empty())
		return fmt::format("{} takes {}KEY", map.action, key ? "a " : "no ");
	if (value == map.value.empty())
		return fmt::format("{} takes {}VALUE", map.action, value ? "a " : "no ");
	return {};
}

void describe(CLI::App &app, Raw &raw)
{
	app.name("iptables-bpf");
	app.formatter(std::make_shared<MatchHelp>());
	app.description(kMatchDescription);
	app.footer(kMatchFooter);
	app.set_help_flag("-h,--help", "This text");
	app.set_version_flag("--version", "iptables-bpf " IPTABLES_EBPF_VERSION, "The version");
	add_list(app, raw.list);
	add_swap(app, raw.swap);
	add_load(app, raw.load);
	add_map(app, raw.map);
	add_test(app, raw.test, raw.family);
	add_compile(app, raw.compile, raw.words, raw.family);
	add_check(app, raw.check, raw.family);
	add_export(app, raw.exported, raw.family);
	add_stats(app, raw.stats);
	// What is given twice counts as it was given last.
	for (CLI::App *command : app.get_subcommands([](CLI::App *) { return true; })) {
		for (CLI::Option *option : command->get_options([](CLI::Option *o) { return o->nonpositional(); }))
			option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
	}
}

MatchCommand chosen(const std::string &name, Raw &raw)
{
	raw.check.family = raw.exported.family = raw.compile.family = raw.test.family = raw.family.family();
	for (const std::string &word : raw.words)
		raw.compile.expression += (raw.compile.expression.empty() ? "" : " ") + word;
	if (name == kCompileText.name)
		return raw.compile;
	if (name == kListText.name)
		return raw.list;
	if (name == kTestText.name)
		return raw.test;
	if (name == kMapText.name)
		return raw.map;
	if (name == kSwapText.name)
		return raw.swap;
	if (name == kLoadText.name)
		return raw.load;
	if (name == kCheckText.name)
		return raw.check;
	if (name == kExportText.name)
		return raw.exported;
	return raw.stats;
}

} // namespace

Result<MatchCommand> parse_match_options(int argc, const char *const *argv)
{
	CLI::App app;
	Raw raw;
	describe(app, raw);
	std::string help = "iptables-bpf --help";
	try {
		app.parse(argc, argv);
	} catch (const CLI::CallForHelp &) {
		return MatchCommand(MatchAnswer{ app.help() });
	} catch (const CLI::CallForVersion &version) {
		return MatchCommand(MatchAnswer{ std::string(version.what()) + "\n" });
	} catch (const CLI::ParseError &error) {
		const auto commands = app.get_subcommands();
		if (!commands.empty())
			help = fmt::format("iptables-bpf {} --help", commands.front()->get_name());
		return Error{ fmt::format("{} (see {})", error.what(), help) };
	}
	const auto commands = app.get_subcommands();
	if (commands.empty())
		return Error{ fmt::format("which command? (see {})", help) };
	const std::string name = commands.front()->get_name();
	const std::string missing = name == kLoadText.name ? lacks(raw.load) :
				    name == kMapText.name  ? lacks(raw.map) :
							     "";
	if (!missing.empty())
		return Error{ fmt::format("{} (see iptables-bpf {} --help)", missing, name) };
	return chosen(name, raw);
}

std::string match_help(const std::string &command)
{
	CLI::App app;
	Raw raw;
	describe(app, raw);
	return command.empty() ? app.help() : app.get_subcommand(command)->help();
}

std::vector<std::string> match_commands()
{
	CLI::App app;
	Raw raw;
	describe(app, raw);
	std::vector<std::string> names;
	for (const CLI::App *command : app.get_subcommands([](const CLI::App *) { return true; }))
		names.push_back(command->get_name());
	return names;
}

} // namespace ipt
