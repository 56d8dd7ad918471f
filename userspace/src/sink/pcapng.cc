// SPDX-License-Identifier: GPL-2.0-only
#include "sink/pcapng.h"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/core.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>

#include "event/names.h"
#include "record/pcapng_writer.h"
#include "util/utf8.h"

namespace ipt {

namespace {

constexpr uint32_t kInbound = 1;
constexpr uint32_t kOutbound = 2;
constexpr char kNanoseconds = 9;

// The head that LINKTYPE_LINUX_SLL wants before the IP or ARP header, in network byte order.
struct CookedHead {
	uint16_t type; // 0: to us, 4: from us
	uint16_t hardware = 0xfeff; // ARPHRD_NONE: the address below means nothing
	uint16_t address_length = 0;
	uint8_t address[8] = {};
	uint16_t protocol;
};
static_assert(sizeof(CookedHead) == 16);

int ether_type(uint8_t family)
{
	return family == NFPROTO_IPV6 ? ETH_P_IPV6 : family == NFPROTO_ARP ? ETH_P_ARP : ETH_P_IP;
}

CookedHead cooked_head(const Traversal &walk, uint32_t direction)
{
	const int protocol = ether_type(walk.head.family);
	return { .type = htons(direction == kOutbound ? PACKET_OUTGOING : PACKET_HOST),
		 .protocol = htons(static_cast<uint16_t>(protocol)) };
}

const ipt_event_dev &device_of(const Enter &enter)
{
	return enter.in.ifindex ? enter.in : enter.out;
}

uint32_t direction_of(const Traversal &walk)
{
	if (!walk.enter)
		return 0;
	return walk.enter->in.ifindex ? kInbound : walk.enter->out.ifindex ? kOutbound : 0;
}

// The head and what is known of the packet.
std::string bytes_of(const Traversal &walk)
{
	const CookedHead head = cooked_head(walk, direction_of(walk));
	std::string bytes(reinterpret_cast<const char *>(&head), sizeof(head));
	if (walk.enter)
		bytes.append(reinterpret_cast<const char *>(walk.enter->header), walk.enter->header_len);
	return bytes;
}

uint32_t length_of(const Traversal &walk)
{
	return walk.enter ? walk.enter->packet.length : walk.leave ? walk.leave->packet.length : 0;
}

} // namespace

void PcapngSink::write()
{
	output_.write(blocks_);
	blocks_.clear();
}

void PcapngSink::start(const Start &start)
{
	std::string line;
	writer_.start(line, start);
	interfaces_.clear();
	last_ = start.wall_ns;
	pcapng::Block(blocks_, pcapng::kSection)
		.u32(pcapng::kByteOrder)
		.u16(1) // version 1.0
		.u16(0)
		.u32(UINT32_MAX) // of unknown length
		.u32(UINT32_MAX)
		.text(pcapng::kSystem, to_utf8("Linux " + start.kernel))
		.text(pcapng::kApplication, to_utf8(start.tool))
		.record(line);
	write();
}

uint32_t PcapngSink::interface_of(const Traversal &walk)
{
	const std::string name = !walk.enter ? "unknown" : std::string(name_of(device_of(*walk.enter).name));
	const auto [at, is_new] =
		interfaces_.try_emplace({ walk.head.netns, walk.head.netns_cookie, name }, interfaces_.size());
	if (is_new)
		pcapng::Block(blocks_, pcapng::kInterface)
			.u16(pcapng::kLinkTypeCooked)
			.u16(0)
			.u32(sizeof(CookedHead) + IPT_EVENT_HEADER_LEN)
			.text(pcapng::kName, to_utf8(name.empty() ? "none" : name))
			.text(pcapng::kDescription, to_utf8("netns " + look_.netns_name(walk.head)))
			.text(pcapng::kResolution, { &kNanoseconds, 1 });
	return at->second;
}

// What of the packet's block of text is of this walk.
std::string PcapngSink::comment(const PacketTrace &trace, const Traversal &walk, const Traversal *before) const
{
	std::string text = fmt::format("#{}", trace.number);
	if (!before && trace.origin)
		text += text_.origin_line(*trace.origin);
	else
		text += '\n';
	if (!before)
		text += text_.owner_line(trace);
	text_.add_traversal(text, walk, before);
	if (&walk == &trace.traversals.back())
		text += text_.last_line(trace);
	text.pop_back();
	return to_utf8(text);
}

void PcapngSink::walk(const PacketTrace &trace, const Traversal &walk, const std::string &comment)
{
	std::string lines;
	writer_.walk(lines, walk);
	if (&walk == &trace.traversals.back())
		writer_.packet(lines, trace);

	const uint32_t interface = interface_of(walk);
	// The text of many rules; the packet's own block has the end of it.
	std::string_view rest = lines;
	for (; rest.size() > pcapng::kMostRecord; rest.remove_prefix(pcapng::kMostRecord))
		pcapng::Block(blocks_, pcapng::kStatistics)
			.u32(interface)
			.time(static_cast<uint64_t>(look_.clock.wall_ns(walk.head.time)))
			.record(rest.substr(0, pcapng::kMostRecord));
	const std::string bytes = bytes_of(walk);
	pcapng::Block(blocks_, pcapng::kPacket)
		.u32(interface)
		.time(static_cast<uint64_t>(look_.clock.wall_ns(walk.head.time)))
		.u32(static_cast<uint32_t>(bytes.size()))
		.u32(static_cast<uint32_t>(std::max(sizeof(CookedHead) + length_of(walk), bytes.size())))
		.bytes(bytes)
		.text(pcapng::kComment, comment)
		.number(pcapng::kFlags, direction_of(walk))
		.number64(pcapng::kPacketId, trace.number)
		.record(rest);
}

void PcapngSink::packet(const PacketTrace &trace)
{
	const Traversal *before = nullptr;
	for (const Traversal &each : trace.traversals) {
		walk(trace, each, comment(trace, each, before));
		before = &each;
	}
	last_ = look_.clock.wall_ns(trace.last_time);
	write();
}

// Statistics belong to an interface; without any packet there is none.
void PcapngSink::end(const Summary *summary)
{
	if (!summary)
		return;
	std::string line;
	writer_.summary(line, *summary);
	if (interfaces_.empty())
		interface_of({});
	pcapng::Block(blocks_, pcapng::kStatistics)
		.u32(0)
		.time(static_cast<uint64_t>(last_))
		.text(pcapng::kComment, to_utf8(summary->text()))
		.number64(pcapng::kOsDropped, summary->lost())
		.record(line);
	write();
}

} // namespace ipt
