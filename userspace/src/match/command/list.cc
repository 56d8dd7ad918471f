// SPDX-License-Identifier: GPL-2.0-only
#include "match/command/list.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "match/bpf/program.h"
#include "match/code/bytecode.h"
#include "match/kernel/module.h"
#include "match/tables/found.h"
#include "ruleset/save_lines.h"
#include "xt_ebpf.h"

namespace ipt {

namespace {

// A rule, with what the kernel says of it beyond its own bytes.
struct Listed {
	FoundRule rule;
	std::optional<uint32_t> id;
	std::string tag;
	std::string name;
	std::string type;
	bool as_pinned_now = false; // the program is the pin's, and the rule's only if nobody has changed that
	std::optional<uint64_t> runs;
	std::optional<uint64_t> matches;
	std::optional<uint64_t> nanoseconds;
	std::optional<uint64_t> since;
};

// The words that a rule was written with.
std::string source_text(const FoundRule &rule)
{
	const std::string no = rule.inverted ? "! " : "";
	switch (rule.kind) {
	case BlobKind::bytecode:
		return fmt::format("{}--bytecode \"{}\"", no, bytecode_text(rule.code));
	case BlobKind::pinned:
		return fmt::format("{}--object-pinned {}", no, save_word(rule.text));
	case BlobKind::expression:
		return fmt::format("{}--expression {}", no, save_word(rule.text));
	case BlobKind::object: {
		const size_t end = std::min(rule.text.find('\0'), rule.text.size());
		const std::string program = rule.text.substr(std::min(end + 1, rule.text.size()));
		return fmt::format("{}--object-file {}{}", no, save_word(rule.text.substr(0, end)),
				   program.empty() ? "" : " --program " + save_word(program));
	}
	case BlobKind::descriptor:
		return "(a file descriptor)";
	case BlobKind::unknown:
		break;
	}
	return fmt::format("(revision {}, unknown)", rule.revision);
}

// Rules of revisions 0 and 1: all that can be known is what their path leads to now.
void describe_old(Listed &listed)
{
	if (listed.rule.kind == BlobKind::bytecode)
		listed.type = "classic";
	if (listed.rule.kind != BlobKind::pinned)
		return;
	const auto program = open_pinned_program(listed.rule.text);
	if (!program)
		return;
	listed.id = program->id;
	listed.tag = program->tag;
	listed.name = program->name;
	listed.type = program_type_name(program->type);
	listed.as_pinned_now = true;
}

void describe_new(Listed &listed, const KernelRule &kernel)
{
	listed.id = kernel.program_id;
	listed.tag = kernel.program_tag;
	listed.name = kernel.program_name;
	if (kernel.program_type)
		listed.type = *kernel.program_type ? program_type_name(*kernel.program_type) : "classic";
	listed.runs = kernel.runs;
	listed.matches = kernel.matches;
	listed.nanoseconds = kernel.nanoseconds;
	listed.since = kernel.since;
	if (!listed.rule.stored)
		return;
	listed.rule.text = kernel.text;
	listed.rule.code = kernel.instructions;
}

// The kernel is asked about rules of revision 2 only, which it alone can have.
Result<std::map<uint64_t, KernelRule>> kernel_rules(const std::vector<FoundRule> &rules)
{
	std::map<uint64_t, KernelRule> by_handle;
	const auto is_new = [](const FoundRule &rule) { return rule.revision == XT_EBPF_REVISION; };
	if (std::none_of(rules.begin(), rules.end(), is_new))
		return by_handle;
	auto kernel = XtEbpf::open();
	if (!kernel)
		return kernel.error();
	auto all = kernel->rules();
	if (!all)
		return all.error();
	for (KernelRule &rule : *all)
		by_handle.emplace(rule.handle, std::move(rule));
	// A dump has no instructions.
	for (const FoundRule &rule : rules) {
		const auto found = by_handle.find(rule.handle);
		if (!is_new(rule) || !rule.stored || rule.kind != BlobKind::bytecode || found == by_handle.end())
			continue;
		if (auto whole = kernel->rule(rule.handle))
			found->second.instructions = std::move(whole->instructions);
	}
	return by_handle;
}

Result<std::vector<Listed>> all_rules()
{
	auto rules = legacy_rules();
	if (!rules)
		return rules.error();
	auto more = nft_rules();
	if (!more)
		return more.error();
	std::move(more->begin(), more->end(), std::back_inserter(*rules));
	const auto kernel = kernel_rules(*rules);
	if (!kernel)
		return kernel.error();
	std::vector<Listed> all;
	for (FoundRule &rule : *rules) {
		Listed listed{ .rule = std::move(rule) };
		const auto found = kernel->find(listed.rule.handle);
		if (listed.rule.revision == XT_EBPF_REVISION && found != kernel->end())
			describe_new(listed, found->second);
		else if (listed.rule.revision < XT_EBPF_REVISION)
			describe_old(listed);
		all.push_back(std::move(listed));
	}
	return all;
}

std::string time_text(uint64_t seconds)
{
	const auto time = static_cast<time_t>(seconds);
	tm local{};
	std::array<char, 32> text{};
	localtime_r(&time, &local);
	const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
	return { text.data(), size };
}

std::string duration_text(uint64_t nanoseconds)
{
	constexpr double us = 1e3;
	constexpr double ms = 1e6;
	constexpr double s = 1e9;
	const auto value = static_cast<double>(nanoseconds);
	if (value < us)
		return fmt::format("{}ns", nanoseconds);
	return value < ms ? fmt::format("{:.1f}us", value / us) :
	       value < s  ? fmt::format("{:.1f}ms", value / ms) :
			    fmt::format("{:.1f}s", value / s);
}

std::string number_text(const std::optional<uint64_t> &number)
{
	return number ? std::to_string(*number) : "-";
}

using Row = std::array<std::string, 14>;

Row row_of(const Listed &listed)
{
	const FoundRule &rule = listed.rule;
	const auto or_dash = [](const std::string &text) { return text.empty() ? "-" : printable(text); };
	return { rule.nft ? "nft" : "legacy",
		 rule.family,
		 printable(rule.table),
		 printable(rule.chain),
		 std::to_string(rule.number),
		 listed.id ? fmt::format("{}{}", *listed.id, listed.as_pinned_now ? "?" : "") : "-",
		 or_dash(listed.tag),
		 or_dash(listed.name),
		 or_dash(listed.type),
		 number_text(listed.runs),
		 number_text(listed.matches),
		 listed.nanoseconds ? duration_text(*listed.nanoseconds) : "-",
		 listed.since ? time_text(*listed.since) : "-",
		 printable(source_text(rule)) };
}

void write_text(const std::vector<Listed> &all, Console &console)
{
	std::vector<Row> rows{ { "IPTABLES", "FAMILY", "TABLE", "CHAIN", "RULE", "ID", "TAG", "NAME", "TYPE", "RUNS",
				 "MATCHES", "TIME", "SINCE", "SOURCE" } };
	for (const Listed &listed : all)
		rows.push_back(row_of(listed));
	std::array<size_t, std::tuple_size_v<Row>> widths{};
	for (const Row &row : rows) {
		for (size_t i = 0; i < row.size(); i++)
			widths[i] = std::max(widths[i], row[i].size());
	}
	for (const Row &row : rows) {
		std::string line;
		for (size_t i = 0; i + 1 < row.size(); i++)
			line += fmt::format("{:{}}  ", row[i], widths[i]);
		console.say(line + row.back());
	}
	const auto guessed = [](const Listed &listed) { return listed.as_pinned_now; };
	if (std::any_of(all.begin(), all.end(), guessed))
		console.say("?: what is pinned there now; rules of revisions 0 and 1 do not tell what they run");
}

nlohmann::ordered_json json_of(const Listed &listed)
{
	const FoundRule &rule = listed.rule;
	nlohmann::ordered_json json{ { "iptables", rule.nft ? "nft" : "legacy" },
				     { "family", rule.family },
				     { "table", rule.table },
				     { "chain", rule.chain },
				     { "rule", rule.number },
				     { "revision", rule.revision },
				     { "source", source_text(rule) } };
	if (listed.id)
		json["id"] = *listed.id;
	if (listed.as_pinned_now)
		json["as_pinned_now"] = true;
	for (const auto &[key, text] :
	     { std::pair{ "tag", &listed.tag }, { "name", &listed.name }, { "type", &listed.type } }) {
		if (!text->empty())
			json[key] = *text;
	}
	for (const auto &[key, number] : { std::pair{ "runs", &listed.runs },
					   { "matches", &listed.matches },
					   { "nanoseconds", &listed.nanoseconds },
					   { "since", &listed.since } }) {
		if (*number)
			json[key] = **number;
	}
	return json;
}

} // namespace

Outcome list_rules(const ListOptions &options, Console &console)
{
	const auto all = all_rules();
	if (!all)
		return console.fail(all.error());
	if (!options.json) {
		write_text(*all, console);
		return Outcome::done;
	}
	auto json = nlohmann::ordered_json::array();
	for (const Listed &listed : *all)
		json.push_back(json_of(listed));
	// Names that are no UTF-8 are shown as well as they can be.
	console.say(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
	return Outcome::done;
}

} // namespace ipt
