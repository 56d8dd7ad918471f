// SPDX-License-Identifier: GPL-2.0-only
#include "match/capture/capture.h"

#include <array>
#include <fmt/core.h>
#include <net/ethernet.h>
#include <optional>
#include <pcap/pcap.h>
#include <span>

namespace ipt {

namespace {

constexpr uint16_t kVlan = 0x8100;
constexpr uint16_t kServiceVlan = 0x88a8;

uint16_t at(std::span<const uint8_t> frame, size_t offset)
{
	return static_cast<uint16_t>(frame[offset] << 8 | frame[offset + 1]);
}

// Where the packet behind an EtherType begins, which stands in front of that place; VLAN tags are stepped over.
std::optional<size_t> behind_type(std::span<const uint8_t> frame, size_t begin)
{
	while (begin <= frame.size() && (at(frame, begin - 2) == kVlan || at(frame, begin - 2) == kServiceVlan))
		begin += 4;
	if (begin > frame.size())
		return {};
	const uint16_t type = at(frame, begin - 2);
	return type == ETHERTYPE_IP || type == ETHERTYPE_IPV6 ? std::optional(begin) : std::nullopt;
}

// Where the IP header begins; nothing: there is none. Zero bytes in front of it is RAW.
std::optional<size_t> network_header(int link, std::span<const uint8_t> frame)
{
	constexpr size_t ethernet = 14;
	constexpr size_t cooked = 16;
	constexpr size_t cooked2 = 20;
	switch (link) {
	case DLT_EN10MB:
		return frame.size() < ethernet ? std::nullopt : behind_type(frame, ethernet);
	case DLT_LINUX_SLL:
		return frame.size() < cooked ? std::nullopt : behind_type(frame, cooked);
	// Its type comes first.
	case DLT_LINUX_SLL2:
		return frame.size() < cooked2 ? std::nullopt : std::optional(cooked2);
	case DLT_NULL:
	case DLT_LOOP:
		return frame.size() < 4 ? std::nullopt : std::optional<size_t>(4);
	default:
		return 0;
	}
}

bool is_known(int link)
{
	constexpr std::array known{ DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL,
				    DLT_LOOP,	DLT_RAW,       DLT_IPV4,       DLT_IPV6 };
	for (const int one : known) {
		if (one == link)
			return true;
	}
	return false;
}

bool is_ip(std::span<const uint8_t> packet)
{
	return !packet.empty() && (packet[0] >> 4 == 4 || packet[0] >> 4 == 6);
}

} // namespace

void Capture::Close::operator()(pcap *file) const
{
	pcap_close(file);
}

Result<Capture> Capture::open(const std::string &path)
{
	std::array<char, PCAP_ERRBUF_SIZE> said{};
	pcap_t *file = pcap_open_offline(path.c_str(), said.data());
	// libpcap names the file where it could not be opened, and not where it is none of its own.
	if (!file)
		return Error{ fmt::format("cannot read packets from {}: {}", path, said.data()) };
	Capture capture(file, path);
	const int link = pcap_datalink(file);
	if (is_known(link))
		return capture;
	const char *name = pcap_datalink_val_to_name(link);
	return Error{ fmt::format(
		"{} was captured on a link of type {}, where no IP header can be found: capture it on an Ethernet "
		"or on the interface any",
		path, name ? name : std::to_string(link)) };
}

Result<bool> Capture::next(CapturedPacket &packet)
{
	for (;;) {
		pcap_pkthdr *head = nullptr;
		const u_char *data = nullptr;
		const int got = pcap_next_ex(file_.get(), &head, &data);
		if (got == PCAP_ERROR_BREAK)
			return false;
		if (got != 1)
			return Error{ fmt::format("{}: after {} packets: {}", path_, number_,
						  pcap_geterr(file_.get())) };
		number_++;
		const std::span<const uint8_t> frame(data, head->caplen);
		const auto begin = network_header(pcap_datalink(file_.get()), frame);
		if (!begin || !is_ip(frame.subspan(*begin))) {
			others_++;
			continue;
		}
		packet.number = number_;
		packet.bytes.assign(frame.begin() + static_cast<std::ptrdiff_t>(*begin), frame.end());
		packet.length = head->len - static_cast<uint32_t>(*begin);
		return true;
	}
}

} // namespace ipt
