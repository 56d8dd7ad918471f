// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "match/cli/commands.h"

namespace ipt {
namespace {

Result<MatchCommand> parse(std::vector<const char *> words)
{
	words.insert(words.begin(), "iptables-bpf");
	return parse_match_options(static_cast<int>(words.size()), words.data());
}

template <typename T>
T parsed(const std::vector<const char *> &words)
{
	const auto command = parse(words);
	EXPECT_TRUE(command) << command.error().message;
	return std::get<T>(*command);
}

std::string complaint(const std::vector<const char *> &words)
{
	const auto command = parse(words);
	return command ? "" : command.error().message;
}

TEST(MatchOptions, swap)
{
	const auto options = parsed<SwapOptions>({ "swap", "12", "/sys/fs/bpf/x", "--repin" });
	EXPECT_EQ(options.old_program, "12");
	EXPECT_EQ(options.new_program, "/sys/fs/bpf/x");
	EXPECT_TRUE(options.repin);
	EXPECT_FALSE(parsed<SwapOptions>({ "swap", "a", "b" }).repin);
}

TEST(MatchOptions, check)
{
	const auto options = parsed<CheckOptions>({ "check", "-6", "--now", "-k", "6.1.0", "--pins", "/p", "rules" });
	EXPECT_EQ(options.file, "rules");
	EXPECT_EQ(options.kernel, "6.1.0");
	EXPECT_EQ(options.pins, "/p");
	EXPECT_EQ(options.family, Family::ipv6);
	EXPECT_TRUE(options.now);
	EXPECT_EQ(parsed<CheckOptions>({ "check", "x" }).pins, kPinsFolder);
}

TEST(MatchOptions, export_and_stats)
{
	EXPECT_EQ(parsed<ExportOptions>({ "export" }).file, "-");
	EXPECT_EQ(parsed<ExportOptions>({ "export", "-4", "rules" }).family, Family::ipv4);
	EXPECT_EQ(parsed<StatsOptions>({ "stats" }).word, "");
	EXPECT_TRUE(parsed<StatsOptions>({ "stats", "on", "--time" }).time);
}

TEST(MatchOptions, load)
{
	const auto options = parsed<LoadOptions>({ "load", "x.o", "/sys/fs/bpf/x", "--program", "p", "--share-maps" });
	EXPECT_EQ(options.file, "x.o");
	EXPECT_EQ(options.pin, "/sys/fs/bpf/x");
	EXPECT_EQ(options.program, "p");
	EXPECT_TRUE(options.share_maps);
	EXPECT_TRUE(parsed<LoadOptions>({ "load", "--boot" }).boot);
}

TEST(MatchOptions, compile_list_and_test)
{
	const auto compile = parsed<CompileOptions>({ "compile", "-4", "tcp", "port", "443", "--format", "asm" });
	EXPECT_EQ(compile.expression, "tcp port 443");
	EXPECT_EQ(compile.format, "asm");
	EXPECT_EQ(compile.family, Family::ipv4);
	EXPECT_TRUE(parsed<ListOptions>({ "list", "--json" }).json);
	const auto test = parsed<TestOptions>({ "test", "tcp", "--pcap", "x.pcap", "-v", "--program", "p", "-6" });
	EXPECT_EQ(test.source, "tcp");
	EXPECT_EQ(test.pcap, "x.pcap");
	EXPECT_EQ(test.program, "p");
	EXPECT_EQ(test.family, Family::ipv6);
	EXPECT_TRUE(test.verbose);
	EXPECT_NE(complaint({ "test", "tcp" }).find("--pcap is required"), std::string::npos);
	EXPECT_NE(complaint({ "compile", "tcp", "--format", "perl" }).find("perl"), std::string::npos);
	EXPECT_NE(complaint({ "compile" }).find("EXPRESSION"), std::string::npos);
}

TEST(MatchOptions, map)
{
	const auto options = parsed<MapOptions>({ "map", "/m", "set", "1", "2", "--map", "x" });
	EXPECT_EQ(options.owner + options.action + options.key + options.value + options.map, "/mset12x");
	EXPECT_NE(complaint({ "map", "/m", "list", "1" }).find("list takes no KEY"), std::string::npos);
	EXPECT_NE(complaint({ "map", "/m", "get" }).find("get takes a KEY"), std::string::npos);
	EXPECT_NE(complaint({ "map", "/m", "get", "1", "2" }).find("get takes no VALUE"), std::string::npos);
	EXPECT_NE(complaint({ "map", "/m", "set", "1" }).find("set takes a VALUE"), std::string::npos);
	EXPECT_NE(complaint({ "map", "/m", "eat" }).find("eat"), std::string::npos);
}

TEST(MatchOptions, rules_have_places)
{
	const auto place = parse_place("nft:ip6:filter:MY:CHAIN:12");
	ASSERT_TRUE(place);
	EXPECT_TRUE(place->nft);
	EXPECT_EQ(place->family + " " + place->table + " " + place->chain, "ip6 filter MY:CHAIN");
	EXPECT_EQ(place->number, 12U);
	EXPECT_FALSE(parse_place("ip:filter:INPUT:1")->nft);
	for (const char *wrong :
	     { "", "x", "ip:filter", "ip:filter:INPUT", "ip:filter:INPUT:0", "ip:filter:INPUT:1x", "ip:filter:1" })
		EXPECT_FALSE(parse_place(wrong)) << wrong;
}

TEST(MatchOptions, wrong_ones_are_named_with_the_help_to_ask)
{
	EXPECT_NE(complaint({}).find("which command? (see iptables-bpf --help)"), std::string::npos);
	EXPECT_NE(complaint({ "bogus" }).find("bogus"), std::string::npos);
	EXPECT_NE(complaint({ "swap", "a" }).find("NEW is required (see iptables-bpf swap --help)"), std::string::npos);
	EXPECT_NE(complaint({ "swap", "a", "b", "c" }).find("c"), std::string::npos);
	EXPECT_NE(complaint({ "check" }).find("FILE is required"), std::string::npos);
	EXPECT_NE(complaint({ "check", "x", "-4", "-6" }), "");
	EXPECT_NE(complaint({ "export", "--bogus" }).find("--bogus"), std::string::npos);
	EXPECT_NE(complaint({ "stats", "maybe" }).find("maybe"), std::string::npos);
	EXPECT_NE(complaint({ "load", "x.o" }).find("PIN is required"), std::string::npos);
	EXPECT_NE(complaint({ "load" }).find("--boot"), std::string::npos);
	EXPECT_NE(complaint({ "load", "x.o", "p", "--boot" }).find("--boot"), std::string::npos);
}

TEST(MatchOptions, help_and_version_are_answers)
{
	EXPECT_EQ(parsed<MatchAnswer>({ "--help" }).text, match_help());
	EXPECT_TRUE(parsed<MatchAnswer>({ "--version" }).text.starts_with("iptables-bpf "));
	for (const std::string &command : match_commands()) {
		const std::string help = parsed<MatchAnswer>({ command.c_str(), "--help" }).text;
		EXPECT_EQ(help, match_help(command));
		EXPECT_NE(help.find("Usage: iptables-bpf " + command + " "), std::string::npos);
		EXPECT_NE(help.find("\nExamples:\n  "), std::string::npos) << command;
		EXPECT_NE(match_help().find("\n  " + command + " "), std::string::npos);
	}
}

std::string file(const std::string &name)
{
	std::ifstream in(std::string(SOURCE_DIR) + "/" + name);
	std::ostringstream text;
	text << in.rdbuf();
	EXPECT_FALSE(text.str().empty()) << name;
	return text.str();
}

std::set<std::string> options_in(const std::string &text)
{
	static const std::regex option("(^|[\\s,])(--?[a-z0-9][a-z0-9-]*)");
	std::set<std::string> found;
	for (std::sregex_iterator at(text.begin(), text.end(), option), end; at != end; ++at)
		found.insert((*at)[2]);
	return found;
}

std::set<std::string> options_of(const std::string &command)
{
	const std::string help = match_help(command);
	const size_t from = help.find("Options:");
	return options_in(help.substr(from, help.find("Examples:") - from));
}

// The part of the man page about a command, of it only the lines that head an entry.
std::string heads_in_man(const std::string &command)
{
	const std::string man = file("man/iptables-bpf.8");
	const size_t from = man.find(".SS " + command + " ");
	EXPECT_NE(from, std::string::npos) << command;
	std::istringstream lines(man.substr(from, man.find("\n.S", from + 1) - from));
	std::string heads;
	for (std::string line, before; std::getline(lines, line); before = line) {
		if (before == ".TP")
			heads += line + "\n";
	}
	return std::regex_replace(heads, std::regex("\\\\-"), "-");
}

TEST(MatchDocumentation, man_page_has_the_options_of_help)
{
	for (const std::string &command : match_commands()) {
		auto options = options_in(heads_in_man(command));
		options.insert({ "-h", "--help" });
		EXPECT_EQ(options, options_of(command)) << command;
	}
}

TEST(MatchDocumentation, completion_has_the_commands_and_options_of_help)
{
	const std::string completion = file("completion/iptables-bpf");
	for (const std::string &command : match_commands()) {
		const size_t from = completion.find("\n\t[" + command + "]='");
		ASSERT_NE(from, std::string::npos) << command;
		const size_t begin = completion.find('\'', from) + 1;
		auto options = options_in(" " + completion.substr(begin, completion.find('\'', begin) - begin));
		options.insert({ "-h", "--help" });
		EXPECT_EQ(options, options_of(command)) << command;
	}
}

TEST(MatchDocumentation, exit_codes_stand_in_help_and_man_page)
{
	const std::string page = file("man/iptables-bpf.8");
	const std::string man = page.substr(page.find(".SH EXIT STATUS"));
	const std::string help = match_help().substr(match_help().find("Exit status:"));
	for (int code = 0; code <= static_cast<int>(Outcome::not_all); code++) {
		EXPECT_NE(man.find("\n.B " + std::to_string(code) + "\n"), std::string::npos) << code;
		EXPECT_NE(std::regex_replace(help, std::regex("\n"), " ").find(" " + std::to_string(code) + " "),
			  std::string::npos)
			<< code;
	}
}

} // namespace
} // namespace ipt
