// SPDX-License-Identifier: GPL-2.0-only
#include "pipeline/header_says.h"

#include <fmt/core.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netfilter.h>
#include <optional>

#include "event/names.h"

namespace ipt {

namespace {

using Of = HeaderCondition::Of;

const uint8_t *address_of(const PacketFields &packet, Of of)
{
	return of == Of::source ? packet.source : packet.destination;
}

bool is_in(const Network &network, const uint8_t *address, uint8_t family)
{
	const size_t size = family == NFPROTO_IPV6 ? 16 : 4;
	for (size_t i = 0; i < size; i++) {
		if ((address[i] & network.mask[i]) != network.address[i])
			return false;
	}
	return true;
}

// "eth0", "eth+": any that begins so.
bool is_device(std::string_view pattern, std::string_view name)
{
	if (pattern.ends_with('+'))
		return name.starts_with(pattern.substr(0, pattern.size() - 1));
	return name == pattern;
}

const ipt_event_dev &device_of(const Enter &enter, Of of)
{
	return of == Of::in ? enter.in : enter.out;
}

std::optional<bool> address_fits(const HeaderCondition &condition, const Seen &seen)
{
	if (!condition.network)
		return std::nullopt;
	return seen.certain(kAddresses, [&](const PacketFields &packet) {
		return is_in(*condition.network, address_of(packet, condition.of), seen.family());
	});
}

// Whether what stands behind the option, without its !, is true of the packet; nothing if that is not known.
std::optional<bool> fits(const HeaderCondition &condition, const Seen &seen)
{
	switch (condition.of) {
	case Of::source:
	case Of::destination:
		return address_fits(condition, seen);
	case Of::in:
	case Of::out:
		return is_device(condition.value, name_of(device_of(seen.enter, condition.of).name));
	case Of::protocol:
		if (!condition.protocol || !is_protocol_certain(seen))
			return std::nullopt;
		return *condition.protocol == protocol_of(seen);
	case Of::fragment:
		return seen.then.fragment_offset != 0;
	}
	return std::nullopt;
}

std::string value_of(Of of, const Seen &seen)
{
	switch (of) {
	case Of::source:
	case Of::destination: {
		const std::string then = address_text(seen.family(), address_of(seen.then, of));
		const std::string later = address_text(seen.family(), address_of(seen.later, of));
		return then == later ? then : then + " or " + later;
	}
	case Of::in:
	case Of::out: {
		const std::string_view name = name_of(device_of(seen.enter, of).name);
		return name.empty() ? "none" : std::string(name);
	}
	case Of::protocol:
		return protocol_name(protocol_of(seen));
	case Of::fragment:
		return fmt::format("fragment offset {}", seen.then.fragment_offset);
	}
	return {};
}

} // namespace

uint8_t protocol_of(const Seen &seen)
{
	const bool stops_at_ah = seen.enter.head.nft_family && seen.then.fields & IPT_EVENT_AH;
	return stops_at_ah ? uint8_t{ IPPROTO_AH } : seen.then.protocol;
}

// Of headers that go on behind what was captured only the kernel knows the last.
bool is_protocol_certain(const Seen &seen)
{
	const uint8_t last = seen.then.protocol;
	if (seen.family() != NFPROTO_IPV6 || protocol_of(seen) != last)
		return true;
	return last != IPPROTO_HOPOPTS && last != IPPROTO_ROUTING && last != IPPROTO_FRAGMENT && last != IPPROTO_AH &&
	       last != IPPROTO_DSTOPTS;
}

HeaderReply ask_header(const std::vector<HeaderCondition> &conditions, const Seen &seen)
{
	HeaderReply reply;
	for (const HeaderCondition &condition : conditions) {
		const auto fit = fits(condition, seen);
		if (!fit)
			reply.uncertain.push_back(condition.text);
		else if (*fit == condition.negated)
			reply.unmet.push_back({ condition.text, value_of(condition.of, seen) });
	}
	return reply;
}

} // namespace ipt
