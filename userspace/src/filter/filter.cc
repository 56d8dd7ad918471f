// SPDX-License-Identifier: GPL-2.0-only
#include "filter/filter.h"

#include <fmt/core.h>
#include <linux/filter.h>
#include <memory>
#include <pcap/pcap.h>
#include <string_view>
#include <utility>

#include "filter/ethernet.h"

namespace ipt {

static_assert(sizeof(Instruction) == sizeof(sock_filter));
static_assert(sizeof(Instruction) == sizeof(bpf_insn));

namespace {

constexpr int kSnapLength = 65535;

// Both hold. The second may have words such as geneve, behind which libpcap looks within the tunnel, so it is the second.
std::string both(const std::string &one, const std::string &other)
{
	return one.empty() ? other : other.empty() ? one : fmt::format("{} and ({})", one, other);
}

std::string family_of(const FilterRequest &request)
{
	return request.ipv4 && request.ipv6 ? "" : request.ipv4 ? "ip" : "ip6";
}

// What libpcap says of an expression that no packet can match.
constexpr std::string_view kNoPacket = "expression rejects all packets";

// Where there is no link libpcap knows of no ARP. What it knows only of links, such as VLANs, is no more there than without
// the word.
Result<Filter> compile_with_arp(const std::string &expression)
{
	auto frames = compile_for(Link::ethernet, expression);
	if (!frames)
		return frames;
	auto filter = from_ethernet(std::move(*frames));
	if (!filter)
		return filter;
	const auto without_link = compile_for(Link::raw, expression);
	if (!without_link && without_link.error().message != kNoPacket)
		return without_link.error();
	return filter;
}

Result<Filter> compile_whole(const std::string &expression)
{
	if (expression.empty())
		return Filter{};
	return mentions_arp(expression) ? compile_with_arp(expression) : compile_for(Link::raw, expression);
}

} // namespace

Result<Filter> compile(const FilterRequest &request)
{
	const std::string family = family_of(request);
	auto filter = compile_whole(both(family, request.expression));
	if (!filter)
		return Error{ fmt::format("expression '{}': {}", request.expression, filter.error().message) };
	if (request.left_out.empty())
		return filter;
	filter = compile_whole(both(family, both(fmt::format("not ({})", request.left_out), request.expression)));
	if (!filter)
		return Error{ fmt::format(
			"expression '{}', without your ssh connection (--own-ssh does not leave it out): {}",
			request.expression, filter.error().message) };
	return filter;
}

bool can_overlap(const FilterRequest &request, const std::string &other)
{
	const auto filter =
		compile_whole(both(family_of(request), both(fmt::format("({})", other), request.expression)));
	return filter || filter.error().message != kNoPacket;
}

Result<Filter> compile_for(Link link, const std::string &expression)
{
	const int type = link == Link::ipv4	? DLT_IPV4 :
			 link == Link::ipv6	? DLT_IPV6 :
			 link == Link::ethernet ? DLT_EN10MB :
						  DLT_RAW;
	const std::unique_ptr<pcap_t, void (*)(pcap_t *)> pcap(pcap_open_dead(type, kSnapLength), pcap_close);
	bpf_program program{};
	if (!pcap || pcap_compile(pcap.get(), &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN))
		return Error{ pcap ? pcap_geterr(pcap.get()) : "out of memory" };
	Filter filter;
	for (unsigned int i = 0; i < program.bf_len; i++) {
		const bpf_insn &in = program.bf_insns[i];
		filter.push_back({ in.code, in.jt, in.jf, in.k });
	}
	pcap_freecode(&program);
	return filter;
}

std::string instruction_text(const Instruction &instruction, size_t number)
{
	const bpf_insn insn{ instruction.code, instruction.jt, instruction.jf, instruction.k };
	return bpf_image(&insn, static_cast<int>(number));
}

} // namespace ipt
