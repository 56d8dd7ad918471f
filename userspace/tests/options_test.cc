// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <fmt/core.h>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "cli/options.h"

namespace ipt {
namespace {

Result<Parsed> parse(std::vector<const char *> words)
{
	words.insert(words.begin(), "iptables-trace");
	return parse_options(static_cast<int>(words.size()), words.data());
}

std::string complaint(std::vector<const char *> words)
{
	const auto parsed = parse(std::move(words));
	return parsed ? "" : parsed.error().message;
}

TEST(Options, defaults)
{
	const auto parsed = parse({});
	ASSERT_TRUE(parsed);
	const Options &options = parsed->options;
	EXPECT_EQ(options.format, Format::tree);
	EXPECT_EQ(options.color, Color::automatic);
	EXPECT_EQ(options.count, 0U);
	EXPECT_FALSE(options.duration);
	EXPECT_TRUE(options.ipv4);
	EXPECT_TRUE(options.ipv6);
	EXPECT_EQ(options.expression, "");
	EXPECT_FALSE(parsed->answer);
}

TEST(Options, all_of_them)
{
	const auto parsed =
		parse({ "--format", "line",    "-c",	  "7",	 "--duration",	 "1.5",		"--netns",  "web",
			"-4",	    "--color", "never",	  "-o",	 "/tmp/x",	 "-v",		"--rotate", "64k",
			"--keep",   "3",       "--width", "80",	 "--verdict",	 "drop,reject", "--chain",  "A,B",
			"--chain",  "C",       "--table", "nat", "--rules-only", "tcp port 443" });
	ASSERT_TRUE(parsed);
	const Options &options = parsed->options;
	EXPECT_EQ(options.format, Format::line);
	EXPECT_EQ(options.count, 7U);
	EXPECT_EQ(options.duration, std::chrono::milliseconds(1500));
	EXPECT_EQ(options.netns, (std::vector<std::string>{ "web" }));
	EXPECT_TRUE(options.ipv4);
	EXPECT_FALSE(options.ipv6);
	EXPECT_EQ(options.color, Color::never);
	EXPECT_EQ(options.output, "/tmp/x");
	EXPECT_TRUE(options.verbose);
	EXPECT_EQ(options.rotate, 65536U);
	EXPECT_EQ(options.keep, 3U);
	EXPECT_EQ(options.width, 80U);
	EXPECT_EQ(options.verdicts, (std::vector<std::string>{ "drop", "reject" }));
	EXPECT_EQ(options.chains, (std::vector<std::string>{ "A", "B", "C" }));
	EXPECT_EQ(options.select.tables, (std::vector<std::string>{ "nat" }));
	EXPECT_TRUE(options.rules_only);
	EXPECT_EQ(options.expression, "tcp port 443");
	EXPECT_EQ(parse({ "--read", "x" })->options.read, "x");
}

TEST(Options, short_ones_have_long_ones)
{
	EXPECT_EQ(parse({ "--count", "7" })->options.count, 7U);
	EXPECT_FALSE(parse({ "--ipv4" })->options.ipv6);
	EXPECT_FALSE(parse({ "--ipv6" })->options.ipv4);
	EXPECT_EQ(parse({ "--output", "x" })->options.output, "x");
	EXPECT_TRUE(parse({ "--verbose" })->options.verbose);
	EXPECT_TRUE(parse({ "-h" })->answer);
}

TEST(Options, explain_and_what_it_does_not_go_with)
{
	EXPECT_TRUE(parse({ "--explain" })->options.explain);
	EXPECT_FALSE(parse({})->options.explain);
	EXPECT_TRUE(complaint({ "--explain", "--rules-only" }).starts_with("--explain and --rules-only: "));
	EXPECT_TRUE(complaint({ "--explain", "--format", "folded" }).starts_with("--explain: --format folded "));
	EXPECT_EQ(complaint({ "--explain", "--read", "x", "--format", "line" }), "");
}

TEST(Options, what_is_observed_and_at_which_price)
{
	EXPECT_FALSE(parse({})->options.observes());
	EXPECT_TRUE(parse({ "--explain" })->options.observes());
	EXPECT_EQ(parse({ "--explain" })->options.explain_budget, 100'000U);
	EXPECT_EQ(parse({ "--explain", "--explain-budget", "0" })->options.explain_budget, 0U);
	EXPECT_EQ(parse({ "--dearest", "3" })->options.dearest, 3U);
	EXPECT_TRUE(parse({ "--dearest", "3", "--explain-budget", "7", "--format", "folded" })->options.observes());
	EXPECT_TRUE(complaint({ "--explain-budget", "7" })
			    .starts_with("--explain-budget: without --explain or --dearest "));
	EXPECT_TRUE(complaint({ "--dearest", "3", "--rules-only" }).starts_with("--dearest and --rules-only: "));
	EXPECT_NE(complaint({ "--dearest", "0" }).find("--dearest"), std::string::npos);
	EXPECT_NE(complaint({ "--explain", "--explain-budget", "-1" }).find("--explain-budget"), std::string::npos);
	EXPECT_NE(complaint({ "--explain", "--explain-budget", "x" }).find("--explain-budget"), std::string::npos);
	EXPECT_NE(complaint({ "--read", "x", "--explain", "--explain-budget", "1" }).find("--explain-budget"),
		  std::string::npos);
	EXPECT_EQ(complaint({ "--read", "x", "--dearest", "1" }), "");
}

TEST(Options, what_takes_to_know_what_rules_take)
{
	EXPECT_FALSE(parse({ "--explain" })->options.measures());
	EXPECT_TRUE(parse({ "--cost" })->options.measures());
	EXPECT_FALSE(parse({ "--cost" })->options.observes());
	EXPECT_TRUE(parse({ "--dearest", "3" })->options.measures());
	EXPECT_TRUE(parse({ "--format", "folded" })->options.measures());
	EXPECT_EQ(complaint({ "--read", "x", "--cost" }), "");
	EXPECT_EQ(complaint({ "--cost", "--rules-only" }), "");
}

TEST(Options, expression_in_several_words)
{
	EXPECT_EQ(parse({ "-6", "tcp", "port", "443" })->options.expression, "tcp port 443");
	EXPECT_FALSE(parse({ "-6", "udp" })->options.ipv4);
}

TEST(Options, expression_behind_a_list)
{
	for (const auto &[option, value] :
	     { std::pair("--netns", "web,mail"), std::pair("--chain", "A,B"), std::pair("--table", "raw,nat"),
	       std::pair("--verdict", "drop,reject"), std::pair("--hook", "INPUT,OUTPUT") }) {
		const auto parsed = parse({ option, value, "udp", "port", "53" });
		ASSERT_TRUE(parsed) << option;
		EXPECT_EQ(parsed->options.expression, "udp port 53") << option;
	}
	EXPECT_EQ(parse({ "--netns", "web,mail", "udp" })->options.netns, (std::vector<std::string>{ "web", "mail" }));
}

TEST(Options, the_last_of_two_counts)
{
	const auto parsed = parse({ "--color", "always", "-v", "-v", "-c", "1", "--color", "never", "-c", "2" });
	ASSERT_TRUE(parsed);
	EXPECT_EQ(parsed->options.color, Color::never);
	EXPECT_EQ(parsed->options.count, 2U);
	EXPECT_TRUE(parsed->options.verbose);
}

TEST(Options, wrong_ones_are_named)
{
	EXPECT_NE(complaint({ "--bogus" }).find("--bogus"), std::string::npos);
	EXPECT_NE(complaint({ "--format", "xml" }).find("xml"), std::string::npos);
	EXPECT_NE(complaint({ "--color", "blue" }).find("blue"), std::string::npos);
	EXPECT_NE(complaint({ "-4", "-6" }), "");
	EXPECT_NE(complaint({ "-c" }), "");
}

TEST(Options, numbers_are_whole_and_within_what_can_be)
{
	struct {
		const char *option;
		uint64_t least, most;
	} const options[] = {
		{ "--count", 1, UINT64_MAX },	{ "--keep", 1, UINT32_MAX },
		{ "--width", 0, UINT32_MAX },	{ "--pid", 1, UINT32_MAX },
		{ "--first", 1, 65535 },	{ "--rate", 0, UINT32_MAX },
		{ "--dearest", 1, UINT32_MAX }, { "--explain-budget", 0, UINT32_MAX },
	};
	const auto about = [](const char *option, const std::string &value) {
		// What others need.
		return complaint({ "--explain", "--output", "f", "--rotate", "1", option, value.c_str() });
	};
	for (const auto &[option, least, most] : options) {
		for (const char *wrong : { "", "-1", "x", "1x", "0x10", "1.5" })
			EXPECT_EQ(about(option, wrong),
				  fmt::format("{}: {}: not a whole number from {} on (see iptables-trace --help)",
					      option, wrong, least));
		EXPECT_EQ(about(option, "0").empty(), least == 0);
		EXPECT_EQ(about(option, std::to_string(most)), "");
		const std::string beyond = most == UINT64_MAX ? "18446744073709551616" : std::to_string(most + 1);
		EXPECT_EQ(about(option, beyond),
			  fmt::format("{}: {}: more than {} (see iptables-trace --help)", option, beyond, most));
	}
}

// As of a variable in a script that was never set.
TEST(Options, empty_text_asks_for_nothing)
{
	for (const char *option :
	     { "--duration", "--netns", "--output", "--rotate", "--read", "--chain", "--in", "--mark", "--sample" })
		EXPECT_EQ(complaint({ option, "" }), fmt::format("{}: empty (see iptables-trace --help)", option));
}

TEST(Options, what_would_do_nothing)
{
	EXPECT_EQ(complaint({ "-o", "f", "--keep", "3" }), "--keep requires --rotate (see iptables-trace --help)");
	for (const char *option : { "-4", "-6" })
		EXPECT_NE(complaint({ "--read", "f", option }).find("excludes"), std::string::npos) << option;
}

TEST(Options, durations_have_units)
{
	using std::chrono::milliseconds;
	EXPECT_EQ(*parse_duration("10"), milliseconds(10'000));
	EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
	EXPECT_EQ(*parse_duration("2m"), milliseconds(120'000));
	EXPECT_EQ(*parse_duration("1.5s"), milliseconds(1500));
	EXPECT_EQ(*parse_duration("1h"), milliseconds(3'600'000));
	for (const char *wrong : { "", "0", "-1", "x", "10 s", "10d", "1e99", "nan", "inf", "0.0001" })
		EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

TEST(Options, selection)
{
	const auto parsed = parse({ "--netns",	"a,b",
				    "--netns",	"c",
				    "--out",	"wan",
				    "--mark",	"0x10/0xf0",
				    "--uid",	"www-data",
				    "--pid",	"42",
				    "--cgroup", "/sys/fs/cgroup/x",
				    "--hook",	"output,POSTROUTING",
				    "--sample", "1/100",
				    "--first",	"3",
				    "--rate",	"0" });
	ASSERT_TRUE(parsed) << parsed.error().message;
	const SelectOptions &select = parsed->options.select;
	EXPECT_EQ(parsed->options.netns, (std::vector<std::string>{ "a", "b", "c" }));
	EXPECT_EQ(parse({ "--in", "eth+" })->options.select.in, "eth+");
	EXPECT_EQ(select.out, "wan");
	ASSERT_TRUE(select.mark);
	EXPECT_EQ(select.mark->value, 0x10U);
	EXPECT_EQ(select.mark->mask, 0xf0U);
	EXPECT_EQ(select.user, "www-data");
	EXPECT_EQ(select.pid, 42U);
	EXPECT_EQ(select.cgroup, "/sys/fs/cgroup/x");
	EXPECT_EQ(select.hooks, (std::vector<std::string>{ "OUTPUT", "POSTROUTING" }));
	EXPECT_EQ(select.sample, 100U);
	EXPECT_EQ(select.first, 3U);
	EXPECT_EQ(select.rate, 0U);
	EXPECT_FALSE(parsed->options.own_ssh);
	EXPECT_TRUE(parse({ "--own-ssh", "tcp" })->options.own_ssh);
	EXPECT_NE(complaint({ "--read", "x", "--own-ssh" }).find("excludes"), std::string::npos);
	EXPECT_EQ(parse({})->options.select.rate, kDefaultRate);
}

TEST(Options, selections_that_are_none)
{
	for (const char *wrong : { "", "x", "1/", "/1", "0x", "4294967296", "3/1", "-1", "1/2/3" })
		EXPECT_FALSE(parse_mark(wrong)) << wrong;
	EXPECT_EQ(parse_mark("7")->mask, UINT32_MAX);
	for (const char *wrong : { "", "0", "1/0", "2/3", "1/x", "-1" })
		EXPECT_FALSE(parse_sample(wrong)) << wrong;
	EXPECT_NE(complaint({ "--hook", "INGRESS" }).find("INGRESS"), std::string::npos);
	EXPECT_NE(complaint({ "--pid", "0" }), "");
	for (const char *wrong : { "0", "-1", "65536", "x" })
		EXPECT_NE(complaint({ "--first", wrong }), "") << wrong;
	EXPECT_EQ(parse({ "--first", "65535" })->options.select.first, 65535U);
	for (const char *wrong : { "-1", "4294967296", "x" })
		EXPECT_NE(complaint({ "--rate", wrong }), "") << wrong;
	for (const char *option : { "--in", "--out", "--mark", "--uid", "--cgroup", "--sample", "--hook", "--table" })
		EXPECT_NE(complaint({ option, "" }), "") << option;
	EXPECT_NE(complaint({ "--table", "filters" }).find("inet:filters"), std::string::npos);
	EXPECT_NE(complaint({ "--table", "netdev:filter" }).find("ip, ip6, inet, bridge and arp"), std::string::npos);
	EXPECT_NE(complaint({ "--table", "inet:" }), "");
	for (const char *right : { "filter", "inet:web", "ip:filter,nat,bridge:b", "ip6:x", "arp:filter" })
		EXPECT_EQ(complaint({ "--table", right }), "") << right;
	EXPECT_NE(complaint({ "--read", "x", "--mark", "1" }).find("--mark"), std::string::npos);
}

TEST(Options, arp_is_none_of_ip)
{
	EXPECT_TRUE(parse({})->options.arp());
	EXPECT_FALSE(parse({ "-4" })->options.arp());
	EXPECT_FALSE(parse({ "-6" })->options.arp());
	EXPECT_NE(complaint({ "-4", "--table", "arp:filter" }).find("--table arp:filter with -4"), std::string::npos);
	EXPECT_NE(complaint({ "-6", "--table", "arp:a,arp:b" }).find("with -6"), std::string::npos);
	EXPECT_EQ(complaint({ "-4", "--table", "arp:filter,filter" }), "");
	EXPECT_EQ(complaint({ "--table", "arp:filter", "--hook", "input,forward" }), "");
	EXPECT_NE(complaint({ "--table", "arp:filter", "--hook", "forward" }).find("no packet can match"),
		  std::string::npos);
}

TEST(Options, selections_that_no_packet_can_fulfil)
{
	EXPECT_NE(complaint({ "--in", "eth0", "--hook", "output" }).find("--in eth0 with --hook OUTPUT"),
		  std::string::npos);
	EXPECT_EQ(complaint({ "--in", "eth0", "--hook", "output,input" }), "");
	EXPECT_NE(complaint({ "--out", "eth0", "--hook", "INPUT,PREROUTING" }).find("from FORWARD"), std::string::npos);
	EXPECT_EQ(complaint({ "--out", "eth0", "--hook", "INPUT,FORWARD" }), "");
	EXPECT_NE(complaint({ "--table", "raw,nat", "--hook", "FORWARD" }).find("--table raw,nat with --hook FORWARD"),
		  std::string::npos);
	EXPECT_EQ(complaint({ "--table", "raw,nat", "--hook", "POSTROUTING" }), "");
	EXPECT_EQ(complaint({ "--table", "mangle", "--hook", "FORWARD" }), "");
	EXPECT_NE(complaint({ "--table", "security", "--hook", "PREROUTING" }), "");
	EXPECT_EQ(complaint({ "--table", "inet:security", "--hook", "PREROUTING" }), "");
	EXPECT_NE(complaint({ "--uid", "root", "--in", "eth0" }).find("have no owner"), std::string::npos);
	EXPECT_NE(complaint({ "--pid", "1", "--hook", "FORWARD" }).find("--pid with --hook FORWARD"),
		  std::string::npos);
	EXPECT_NE(complaint({ "--cgroup", "x", "--hook", "PREROUTING,INPUT" }), "");
	EXPECT_EQ(complaint({ "--cgroup", "x", "--hook", "INPUT,OUTPUT" }), "");
	// Of a recording they say what is shown.
	EXPECT_EQ(complaint({ "--read", "x", "--table", "raw", "--hook", "FORWARD" }), "");
}

TEST(Options, sizes_have_units)
{
	EXPECT_EQ(*parse_size("1"), 1U);
	EXPECT_EQ(*parse_size("64k"), 65536U);
	EXPECT_EQ(*parse_size("100M"), 100U << 20);
	EXPECT_EQ(*parse_size("2G"), 2ULL << 30);
	for (const char *wrong : { "", "0", "-1", "k", "1.5M", "1T", "99999999999G", "1 k" })
		EXPECT_FALSE(parse_size(wrong)) << wrong;
}

TEST(Options, what_makes_no_sense_together)
{
	EXPECT_NE(complaint({ "--rotate", "1M" }).find("-o"), std::string::npos);
	EXPECT_NE(complaint({ "--rotate", "1M", "-o", "x", "--format", "folded" }).find("folded"), std::string::npos);
	EXPECT_NE(complaint({ "--read", "x", "tcp" }).find("--read"), std::string::npos);
	EXPECT_NE(complaint({ "--verdict", "eaten" }).find("eaten"), std::string::npos);
}

TEST(Options, help_and_version_are_answers)
{
	ASSERT_TRUE(parse({ "--help" })->answer);
	EXPECT_EQ(parse({ "--help" })->answer->text, help_text());
	ASSERT_TRUE(parse({ "--version" })->answer);
	EXPECT_TRUE(parse({ "--version" })->answer->text.starts_with("iptables-trace "));
}

std::string file(const std::string &name)
{
	std::ifstream in(std::string(SOURCE_DIR) + "/" + name);
	std::ostringstream text;
	text << in.rdbuf();
	EXPECT_FALSE(text.str().empty()) << name;
	return text.str();
}

// -x and --xyz where a word begins.
std::set<std::string> options_in(const std::string &text)
{
	static const std::regex option("(^|[\\s,])(--?[a-z0-9][a-z0-9-]*)");
	std::set<std::string> found;
	for (std::sregex_iterator at(text.begin(), text.end(), option), end; at != end; ++at)
		found.insert((*at)[2]);
	return found;
}

std::string between(const std::string &text, const std::string &begin, const std::string &end)
{
	const size_t from = text.find(begin);
	const size_t to = text.find(end, from);
	EXPECT_NE(from, std::string::npos) << begin;
	EXPECT_NE(to, std::string::npos) << end;
	return text.substr(from, to - from);
}

std::set<std::string> options_in_help()
{
	return options_in(between(help_text(), "Options:", "Examples:"));
}

TEST(Documentation, man_page_has_the_options_of_help)
{
	std::string man = between(file("man/iptables-trace.8"), ".SH OPTIONS", ".SS Which packets");
	// Only the lines that head an entry; elsewhere options may be mentioned.
	std::string heads;
	std::istringstream lines(man);
	for (std::string line, before; std::getline(lines, line); before = line) {
		if (before == ".TP")
			heads += line + "\n";
	}
	heads = std::regex_replace(heads, std::regex("\\\\-"), "-");
	EXPECT_EQ(options_in(heads), options_in_help());
}

TEST(Documentation, man_page_has_a_place_for_each_option_of_the_ancestor)
{
	std::string man = between(file("man/iptables-trace.8"), ".SS From other tools", ".SH FORMATS");
	man = std::regex_replace(std::regex_replace(man, std::regex("\\\\-"), "-"), std::regex("\\s"), " ");
	for (const char *option :
	     { "-H", "--ipaddr", "-P", "--port", "--proto", "--icmpid", "-p", "--pid", "-N", "--netns", "-c",
	       "--catch-count", "-T", "--time", "-t", "--timestamp", "-B", "--per-cpu-buffer" })
		EXPECT_NE(man.find(fmt::format(" {} ", option)), std::string::npos) << option;
}

TEST(Documentation, completion_has_the_options_of_help)
{
	const std::string list = between(file("completion/iptables-trace"), "options='", "'\n");
	EXPECT_EQ(options_in(list.substr(9).insert(0, " ")), options_in_help());
}

// An option that none of the tests above has given stands in help for nothing.
TEST(Documentation, tests_give_every_option_of_help)
{
	const std::string tests =
		between(file("tests/options_test.cc"), "TEST(Options, defaults)", "TEST(Documentation");
	for (const std::string &option : options_in_help())
		EXPECT_NE(tests.find('"' + option + '"'), std::string::npos) << option;
}

TEST(Documentation, guide_has_no_option_that_help_has_not)
{
	const std::string guide = file("docs/debugging.md");
	static const std::regex command("iptables-trace( -[^'`|\\\\\n]*)");
	const std::set<std::string> known = options_in_help();
	size_t commands = 0;
	for (std::sregex_iterator at(guide.begin(), guide.end(), command), end; at != end; ++at, commands++) {
		for (const std::string &option : options_in((*at)[1]))
			EXPECT_TRUE(known.contains(option)) << at->str();
	}
	EXPECT_GT(commands, 10U);
}

TEST(Documentation, exit_codes_stand_in_help_and_man_page)
{
	const std::string man = between(file("man/iptables-trace.8"), ".SH EXIT STATUS", ".SH ENVIRONMENT");
	const std::string help = help_text().substr(help_text().find("Exit status:"));
	for (int code = 0; code <= static_cast<int>(Exit::lost); code++) {
		EXPECT_NE(man.find("\n.B " + std::to_string(code) + "\n"), std::string::npos) << code;
		EXPECT_NE(help.find(" " + std::to_string(code) + " "), std::string::npos) << code;
	}
}

} // namespace
} // namespace ipt
