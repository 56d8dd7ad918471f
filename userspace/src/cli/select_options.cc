// SPDX-License-Identifier: GPL-2.0-only
#include "cli/select_options.h"

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/core.h>
#include <initializer_list>
#include <string_view>

#include "cli/validators.h"

namespace ipt {

namespace {

// As many as the module counts of a flow.
constexpr uint32_t kMostFirst = 65535;

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

// Whether all of the words, of which there is one at least, are of these.
bool only(const std::vector<std::string> &words, std::initializer_list<std::string_view> these)
{
	return !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string &word) {
		return std::find(these.begin(), these.end(), word) != these.end();
	});
}

std::string joined(const std::vector<std::string> &words)
{
	std::string text;
	for (const std::string &word : words)
		text += (text.empty() ? "" : ",") + word;
	return text;
}

bool is_nft(std::string_view table)
{
	return table.find(':') != std::string_view::npos;
}

bool table_has(std::string_view table, std::string_view hook)
{
	// Where nft's own have chains nobody knows beforehand.
	if (table.starts_with("arp:"))
		return hook == "INPUT" || hook == "OUTPUT";
	if (is_nft(table))
		return true;
	if (table == "raw")
		return hook == "PREROUTING" || hook == "OUTPUT";
	if (table == "nat")
		return hook != "FORWARD";
	if (table == "filter" || table == "security")
		return hook == "INPUT" || hook == "FORWARD" || hook == "OUTPUT";
	return true;
}

// Whether a packet can be in one of the tables at one of the hooks.
bool meet(const std::vector<std::string> &tables, const std::vector<std::string> &hooks)
{
	return tables.empty() || hooks.empty() || std::any_of(tables.begin(), tables.end(), [&](const auto &table) {
		       return std::any_of(hooks.begin(), hooks.end(),
					  [&](const auto &hook) { return table_has(table, hook); });
	       });
}

} // namespace

const char *SelectOptions::owner_option() const
{
	return !user.empty() ? "--uid" : !cgroup.empty() ? "--cgroup" : pid ? "--pid" : nullptr;
}

std::string check_table(const std::string &word)
{
	static constexpr std::array names{ "raw", "mangle", "nat", "filter", "security" };
	const std::string_view name = name_of_table(word);
	const std::string_view family = std::string_view(word).substr(0, word.size() - name.size());
	if (!is_nft(word))
		return std::find(names.begin(), names.end(), word) != names.end() ?
			       "" :
			       fmt::format(
				       "{}: iptables has the tables raw, mangle, nat, filter and security; one of nft's "
				       "own is named with its family, as inet:{}",
				       word, word.empty() ? "web" : word);
	if (family != "ip:" && family != "ip6:" && family != "inet:" && family != "bridge:" && family != "arp:")
		return fmt::format("{}: tables of nf_tables are traced in the families ip, ip6, inet, bridge and arp",
				   word);
	return name.empty() ? fmt::format("{}: without a name", word) : "";
}

std::string_view name_of_table(std::string_view word)
{
	const size_t colon = word.find(':');
	return colon == std::string_view::npos ? word : word.substr(colon + 1);
}

void describe_selection(CLI::App &app, SelectOptions &select, RawSelection &raw)
{
	app.add_option("--in", select.in, "Packets that came in by this device; eth+: any that begins so")
		->type_name("DEVICE")
		->check(something());
	app.add_option("--out", select.out, "Packets that go out by it")->type_name("DEVICE")->check(something());
	app.add_option("--mark", raw.mark, "Packets with this mark")->type_name("VALUE[/MASK]")->check(something());
	app.add_option("--uid", select.user, "Packets that this user's sockets send")
		->type_name("USER")
		->check(something());
	app.add_option("--pid", select.pid,
		       "Packets that this process sends; in its namespace,\nunless --netns names others")
		->type_name("PID")
		->check(whole_number_from<uint32_t>(1));
	app.add_option("--cgroup", select.cgroup, "Packets that the sockets of a cgroup, or below it, send")
		->type_name("PATH")
		->check(something());
	app.add_option("--hook", select.hooks,
		       "From this hook on: PREROUTING, INPUT, FORWARD, OUTPUT,\nPOSTROUTING; shows these alone")
		->type_name("HOOK,...")
		->delimiter(',')
		->transform(
			CLI::IsMember({ "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" }, CLI::ignore_case)
				.description(""));
	app.add_option("--sample", raw.sample, "One packet of so many")->type_name("1/N")->check(something());
	app.add_option("--first", select.first, "The first packets of each flow, up to 65535")
		->type_name("PACKETS")
		->check(whole_number(1, kMostFirst));
	app.add_option("--rate", select.rate,
		       "No further packet while there were so many events in\na second; 0: no limit (default: 50000)")
		->type_name("EVENTS")
		->check(whole_number_from<uint32_t>(0));
}

Status take_selection(SelectOptions &select, const RawSelection &raw)
{
	if (!raw.mark.empty()) {
		auto mark = parse_mark(raw.mark);
		if (!mark)
			return mark.error();
		select.mark = *mark;
	}
	if (!raw.sample.empty()) {
		auto sample = parse_sample(raw.sample);
		if (!sample)
			return sample.error();
		select.sample = *sample;
	}
	return {};
}

Status judge_selection(const SelectOptions &select)
{
	const std::string hooks = joined(select.hooks);
	if (!select.in.empty() && only(select.hooks, { "OUTPUT" }))
		return Error{ fmt::format(
			"--in {} with --hook {}: no packet can match, those at OUTPUT came in by no device", select.in,
			hooks) };
	if (!select.out.empty() && only(select.hooks, { "PREROUTING", "INPUT" }))
		return Error{ fmt::format(
			"--out {} with --hook {}: no packet can match, by which device one goes out is known from FORWARD "
			"and OUTPUT on",
			select.out, hooks) };
	if (!meet(select.tables, select.hooks))
		return Error{ fmt::format(
			"--table {} with --hook {}: no packet can match, iptables has no such table at such a hook (one of "
			"nft's own is named with its family, as inet:{})",
			joined(select.tables), hooks, select.tables.front()) };
	const char *owner = select.owner_option();
	if (owner && (!select.in.empty() || only(select.hooks, { "PREROUTING", "INPUT", "FORWARD" })))
		return Error{ fmt::format(
			"{} with {}: no packet can match, packets that come in have no owner, only those that this host sends "
			"(--hook OUTPUT,POSTROUTING)",
			owner, select.in.empty() ? "--hook " + hooks : "--in " + select.in) };
	return {};
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

} // namespace ipt
