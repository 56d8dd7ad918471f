// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/match_refusal.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <linux/in.h>
#include <linux/netfilter.h>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "event/arp.h"
#include "event/names.h"
#include "pipeline/match_options.h"

namespace ipt {

namespace {

using Options = std::vector<Option>;

// Why it said no, as far as the rule's text tells, and what of the packet it looked at. Either may be empty.
struct Refusal {
	std::string meaning;
	std::string packet;
};

std::string value_of(const Options &options, std::string_view name)
{
	const Option *option = find_option(options, name);
	return option ? only_value(*option) : std::string();
}

// Empty: it is not certain which one it was.
std::string address_of(const Seen &seen, bool source)
{
	const auto address = seen.certain(kAddresses, [&](const PacketFields &packet) {
		return address_text(seen.family(), source ? packet.source : packet.destination);
	});
	return address.value_or("");
}

// ---- what is looked up elsewhere

// Routing knows of which type an address is.
Refusal addrtype(const Options &options, const Seen &seen)
{
	std::string text;
	for (const Option &option : options) {
		const bool source = option.name == "--src-type";
		if (!source && option.name != "--dst-type")
			continue;
		const std::string address = address_of(seen, source);
		if (address.empty())
			return {};
		text += (text.empty() ? "" : " and ") + address;
	}
	return { {}, std::move(text) };
}

bool is_wanted(const Options &options, std::string_view name)
{
	const Option *option = find_option(options, name);
	return option && !option->negated;
}

// The socket's file has an owner of its own, which is that of the socket unless somebody has gone out of his way. What the kernel
// sends by itself has no such file, and neither has a socket that was closed, or not accepted yet: nobody owns these.
Refusal owner(const Options &options, const Seen &seen)
{
	const bool is_known = seen.owner || !(seen.enter.head.flags & IPT_EVENT_OWNED);
	if (!is_known || find_option(options, "--socket-exists"))
		return {};
	if (!seen.owner || !seen.owner->socket) {
		if (!is_wanted(options, "--uid-owner") && !is_wanted(options, "--gid-owner"))
			return {};
		return { seen.owner ? "no process has its socket open" : "no socket of a process here", {} };
	}
	// Of two it may be either: users are counted otherwise where the rule is of a container.
	const Option *option = find_option(options, "--uid-owner");
	if (!option)
		return { is_wanted(options, "--gid-owner") ? "its socket is of another group" : "", {} };
	std::string users = only_value(*option);
	std::replace(users.begin(), users.end(), '-', ':');
	const auto wanted = range(users);
	if (options.size() != 1 || !wanted || wanted->holds(seen.owner->uid) != option->negated)
		return {};
	return { {}, fmt::format("uid {}", seen.owner->uid) };
}

// A packet without an address of Ethernet is none that it wants, nor one that it does not.
Refusal mac(const Options & /*options*/, const Seen &seen)
{
	return { {}, seen.ether_source ? ethernet_text(*seen.ether_source) : std::string() };
}

// As ipset writes it, "tcp:80", "icmp:8/0"; empty: it has none. Nothing: it is not certain.
std::optional<std::string> port_text(const Seen &seen, bool source)
{
	static constexpr std::array<std::pair<uint8_t, std::string_view>, 4> names{ { { IPPROTO_TCP, "tcp" },
										      { IPPROTO_UDP, "udp" },
										      { IPPROTO_UDPLITE, "udplite" },
										      { IPPROTO_SCTP, "sctp" } } };
	const PacketFields &packet = seen.then;
	if (packet.fragment_offset)
		return "";
	if (packet.fields & IPT_EVENT_ICMP)
		return fmt::format("{}:{}/{}", seen.family() == NFPROTO_IPV6 ? "icmpv6" : "icmp", packet.icmp_type,
				   packet.icmp_code);
	const auto *name = std::find_if(names.begin(), names.end(),
					[&packet](const auto &entry) { return entry.first == packet.protocol; });
	if (name == names.end())
		return "";
	const auto port = seen.certain(kPorts, [source](const PacketFields &fields) {
		return source ? fields.source_port : fields.destination_port;
	});
	if (!port || !(packet.fields & IPT_EVENT_PORTS))
		return std::nullopt;
	return fmt::format("{}:{}", name->second, *port);
}

// What a set may have looked up, "source 192.0.2.1 (tcp:40000)". Its type does not stand in the rule: the first part of an element
// may be an address or a port, and a later one a device too.
std::optional<std::string> side_text(const Seen &seen, bool source, bool with_device)
{
	const std::string address = address_of(seen, source);
	const auto port = port_text(seen, source);
	if (address.empty() || !port)
		return std::nullopt;
	std::string more = *port;
	const std::string_view device = name_of((source ? seen.enter.in : seen.enter.out).name);
	if (with_device && !device.empty())
		more += fmt::format("{}{} {}", more.empty() ? "" : ", ", source ? "in" : "out", device);
	return fmt::format("{} {}{}", source ? "source" : "destination", address,
			   more.empty() ? "" : " (" + more + ")");
}

// flags: "src,dst".
std::string sides_text(std::string_view flags, const Seen &seen)
{
	const std::string_view first = flags.substr(0, flags.find(','));
	const std::string_view rest = flags.substr(std::min(first.size() + 1, flags.size()));
	std::string text;
	for (const bool source : { first == "src", first != "src" }) {
		const std::string_view flag = source ? "src" : "dst";
		const bool later = rest.find(flag) != std::string_view::npos;
		if (first != flag && !later)
			continue;
		const auto side = side_text(seen, source, later);
		if (!side)
			return {};
		text += (text.empty() ? "" : ", ") + *side;
	}
	return text;
}

Refusal set(const Options &options, const Seen &seen)
{
	const Option *set = find_option(options, "--match-set");
	if (!set || set->values.size() != 2)
		return {};
	// Other options look at the element that was found.
	const char *meaning = options.size() > 1 ? "" : set->negated ? "in the set" : "not in the set";
	return { meaning, sides_text(set->values[1], seen) };
}

Refusal recent(const Options &options, const Seen &seen)
{
	const auto is_question = [](const Option &option) {
		return option.name == "--rcheck" || option.name == "--update" || option.name == "--remove";
	};
	const auto question = std::find_if(options.begin(), options.end(), is_question);
	const std::string list = value_of(options, "--name");
	if (question == options.end() || list.empty())
		return {};
	std::string meaning = fmt::format("list {} {} it", list, question->negated ? "has" : "does not have");
	if (question->name != "--remove") {
		const std::string times = value_of(options, "--hitcount"), seconds = value_of(options, "--seconds");
		if (!times.empty())
			meaning += fmt::format(" {} times", times);
		if (!seconds.empty())
			meaning += fmt::format(" in the last {} s", seconds);
	}
	if (find_option(options, "--rttl"))
		meaning += " with its TTL";
	return { std::move(meaning), address_of(seen, !find_option(options, "--rdest")) };
}

// ---- what is counted

Refusal limit(const Options &options, const Seen & /*seen*/)
{
	const std::string rate = value_of(options, "--limit"), burst = value_of(options, "--limit-burst");
	if (rate.empty())
		return {};
	return { fmt::format("more packets than {}, burst {}, allow by now", rate, burst.empty() ? "5" : burst), {} };
}

// "with its srcip,dstport": what packets are counted together.
Refusal hashlimit(const Options &options, const Seen & /*seen*/)
{
	const Option *upto = find_option(options, "--hashlimit-upto");
	const Option *limit = upto ? upto : find_option(options, "--hashlimit-above");
	if (!limit || limit->negated || only_value(*limit).empty() || find_option(options, "--hashlimit-rate-match"))
		return {};
	std::string meaning = fmt::format("{}more than {}", upto ? "" : "not ", only_value(*limit));
	const std::string burst = value_of(options, "--hashlimit-burst"), mode = value_of(options, "--hashlimit-mode");
	if (!burst.empty())
		meaning += fmt::format(", burst {},", burst);
	meaning += " by now";
	if (!mode.empty())
		meaning += " with its " + mode;
	return { std::move(meaning), {} };
}

Refusal quota(const Options &options, const Seen & /*seen*/)
{
	const Option *quota = find_option(options, "--quota");
	if (!quota)
		return {};
	return { quota->negated ? "the quota is not used up yet" :
				  "the quota is used up, or less is left than this packet",
		 {} };
}

Refusal connlimit(const Options &options, const Seen &seen)
{
	const Option *upto = find_option(options, "--connlimit-upto");
	const Option *limit = upto ? upto : find_option(options, "--connlimit-above");
	if (!limit || limit->negated || only_value(*limit).empty())
		return {};
	const bool source = !find_option(options, "--connlimit-daddr");
	const std::string mask = value_of(options, "--connlimit-mask"), address = address_of(seen, source);
	std::string meaning = fmt::format("{}more than {} connections {} {}", upto ? "" : "not ", only_value(*limit),
					  source ? "from" : "to", address.empty() ? "its address" : address);
	if (!mask.empty())
		meaning += "/" + mask;
	return { std::move(meaning), {} };
}

Refusal statistic(const Options &options, const Seen & /*seen*/)
{
	if (const Option *random = find_option(options, "--probability"); random && !only_value(*random).empty())
		return { fmt::format("decided by lot, probability {}", only_value(*random)), {} };
	const Option *nth = find_option(options, "--every");
	if (!nth || only_value(*nth).empty())
		return {};
	return { fmt::format("{}the one in every {} packets", nth->negated ? "" : "not ", only_value(*nth)), {} };
}

// ---- what is looked at further

Refusal time(const Options & /*options*/, const Seen & /*seen*/)
{
	return { "not the time for it", {} };
}

Refusal string(const Options &options, const Seen & /*seen*/)
{
	const Option *text = find_option(options, "--string");
	const Option *wanted = text ? text : find_option(options, "--hex-string");
	if (!wanted)
		return {};
	return { wanted->negated ? "found in it" : "not found in it", {} };
}

// The answer is what the program returned, or with a ! the opposite.
Refusal bpf(const Options &options, const Seen & /*seen*/)
{
	if (options.empty())
		return {};
	return { options[0].negated ? "returned nonzero" : "returned 0", {} };
}

struct Known {
	std::string_view match;
	Refusal (*tell)(const Options &options, const Seen &seen);
};

constexpr std::array<Known, 13> kKnown{ { { "addrtype", addrtype },
					  { "owner", owner },
					  { "mac", mac },
					  { "set", set },
					  { "recent", recent },
					  { "limit", limit },
					  { "hashlimit", hashlimit },
					  { "quota", quota },
					  { "connlimit", connlimit },
					  { "statistic", statistic },
					  { "time", time },
					  { "string", string },
					  { "bpf", bpf } } };

} // namespace

Unmet refused(const std::string &match, const Seen &seen)
{
	const std::vector<Word> words = split_words(match);
	if (words.size() < 2 || words[0].text != "-m")
		return { match, {}, {} };
	const auto known = std::find_if(kKnown.begin(), kKnown.end(),
					[&words](const Known &k) { return k.match == words[1].text; });
	if (known == kKnown.end())
		return { match, {}, {} };
	Refusal refusal = known->tell(options_of(words), seen);
	return { match, std::move(refusal.packet), std::move(refusal.meaning) };
}

} // namespace ipt
