// SPDX-License-Identifier: GPL-2.0-only
#include "match/command/map.h"

#include <charconv>

#include "match/bpf/map.h"
#include "match/bpf/program.h"
#include "match/kernel/module.h"
#include "match/tables/found.h"
#include "xt_ebpf.h"

namespace ipt {

namespace {

bool stands_at(const FoundRule &rule, const RulePlace &place)
{
	return rule.nft == place.nft && rule.family == place.family && rule.table == place.table &&
	       rule.chain == place.chain && rule.number == place.number;
}

// The program that a rule runs.
Result<Program> program_of(const FoundRule &rule, const std::string &word)
{
	if (rule.revision != XT_EBPF_REVISION) {
		if (rule.kind == BlobKind::pinned)
			return open_pinned_program(rule.text);
		return Error{ fmt::format("rule {} runs bytecode, which has no maps", word) };
	}
	auto kernel = XtEbpf::open();
	if (!kernel)
		return kernel.error();
	const auto known = kernel->rule(rule.handle);
	if (!known)
		return known.error();
	if (!known->program_id)
		return Error{ fmt::format("rule {} runs bytecode, which has no maps", word) };
	return open_program(*known->program_id);
}

Result<Program> program_at(const RulePlace &place, const std::string &word)
{
	const auto rules = place.nft ? nft_rules() : legacy_rules();
	if (!rules)
		return rules.error();
	for (const FoundRule &rule : *rules) {
		if (stands_at(rule, place))
			return program_of(rule, word);
	}
	return Error{ fmt::format("there is no rule {} with -m bpf; `iptables-bpf list` shows all of them", word),
		      ENOENT };
}

// The one, or the one that is asked for; not the compiler's own, unless by name.
Result<Map> map_of(const Program &program, const std::string &name)
{
	std::optional<Map> found;
	std::string names;
	size_t count = 0;
	for (const uint32_t id : program.maps) {
		auto map = Map::open(id);
		if (!map && map.error().reason != EOPNOTSUPP)
			return map.error();
		if (!map || (name.empty() && map->is_internal()))
			continue;
		names += (names.empty() ? "" : ", ") + map->name();
		if (!name.empty() && map->name() != name)
			continue;
		count++;
		found.emplace(*std::move(map));
	}
	if (count == 1)
		return *std::move(found);
	if (!name.empty())
		return Error{ fmt::format("{} has no map {}; it has {}", program_text(program), name,
					  names.empty() ? "none" : names) };
	if (count == 0)
		return Error{ fmt::format("{} has no map", program_text(program)) };
	return Error{ fmt::format("{} has {} maps: choose one by --map, of {}", program_text(program), count, names) };
}

Result<Map> find_map(const MapOptions &options)
{
	if (!options.owner.starts_with('/')) {
		const auto place = parse_place(options.owner);
		if (!place)
			return Error{ fmt::format(
				"{} is neither the path of a pin nor a rule, as ip:filter:INPUT:2 or nft:ip:filter:INPUT:2 "
				"is one",
				options.owner) };
		const auto program = program_at(*place, options.owner);
		return program ? map_of(*program, options.map) : program.error();
	}
	auto map = Map::open(options.owner);
	if (map || map.error().reason != EINVAL)
		return map;
	const auto program = open_pinned_program(options.owner);
	return program ? map_of(*program, options.map) : program.error();
}

// What comes and goes while it is listed may be missing, or shown.
Outcome list_entries(const Map &map, Console &console)
{
	for (auto key = map.next({}); key; key = map.next(key)) {
		const auto value = map.get(*key);
		if (value)
			console.say(printable(fmt::format("{}  {}", map.key().text(*key), *value)));
		else if (value.error().reason != ENOENT)
			return console.fail(value.error());
	}
	return Outcome::done;
}

} // namespace

std::optional<RulePlace> parse_place(const std::string &word)
{
	RulePlace place;
	std::string_view rest = word;
	place.nft = rest.starts_with("nft:");
	if (place.nft)
		rest.remove_prefix(4);
	const size_t family = rest.find(':');
	const size_t table = family == std::string_view::npos ? family : rest.find(':', family + 1);
	const size_t number = rest.rfind(':');
	if (table == std::string_view::npos || number <= table)
		return {};
	place.family = rest.substr(0, family);
	place.table = rest.substr(family + 1, table - family - 1);
	place.chain = rest.substr(table + 1, number - table - 1);
	const std::string_view digits = rest.substr(number + 1);
	const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), place.number);
	if (error != std::errc() || end != digits.data() + digits.size() || place.number == 0)
		return {};
	return place;
}

Outcome use_map(const MapOptions &options, Console &console)
{
	const auto map = find_map(options);
	if (!map)
		return console.fail(map.error());
	if (options.action == "list")
		return list_entries(*map, console);
	const auto key = map->key().parse(options.key);
	if (!key)
		return console.fail(
			{ fmt::format("key {}, which map {} has as its keys", key.error().message, map->name()) });
	if (options.action == "get") {
		const auto value = map->get(*key);
		if (!value)
			return console.fail(value.error());
		console.say(printable(*value));
		return Outcome::done;
	}
	if (options.action == "del") {
		const auto status = map->remove(*key);
		return status ? Outcome::done : console.fail(status.error());
	}
	const auto value = map->value().parse(options.value);
	if (!value)
		return console.fail({ fmt::format("value {}, which map {} has as its values", value.error().message,
						  map->name()) });
	const auto status = map->set(*key, *value);
	return status ? Outcome::done : console.fail(status.error());
}

} // namespace ipt
