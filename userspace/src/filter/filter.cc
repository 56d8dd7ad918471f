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

std::string whole_expression(const FilterRequest &request)
{
	if (request.ipv4 && request.ipv6)
		return request.expression;
	const std::string family = request.ipv4 ? "ip" : "ip6";
	return request.expression.empty() ? family : fmt::format("{} and ({})", family, request.expression);
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

} // namespace

Result<Filter> compile(const FilterRequest &request)
{
	const std::string expression = whole_expression(request);
	if (expression.empty())
		return Filter{};
	auto filter = mentions_arp(expression) ? compile_with_arp(expression) : compile_for(Link::raw, expression);
	if (!filter)
		return Error{ fmt::format("expression '{}': {}", request.expression, filter.error().message) };
	return filter;
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
