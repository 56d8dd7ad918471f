// SPDX-License-Identifier: GPL-2.0-only
// From a pcap expression to classic BPF. The only folder that knows libpcap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/result.h"

namespace ipt {

// One instruction, laid out as the kernel's struct sock_filter.
struct Instruction {
	uint16_t code;
	uint8_t jt;
	uint8_t jf;
	uint32_t k;
};

using Filter = std::vector<Instruction>;

struct FilterRequest {
	std::string expression; // empty: all
	bool ipv4 = true;
	bool ipv6 = true;
	std::string left_out; // packets that are not selected all the same, as an expression; empty: none
};

// The error is libpcap's own message with the expression, as if nothing was left out. An empty filter selects everything.
// Packets come from their IP or ARP header on; one of ARP is selected by an expression with the word arp, and by what holds of any
// packet that is none of IP.
Result<Filter> compile(const FilterRequest &request);

// Which packets come, each from its IP header on, or behind the head of Ethernet. Where they are of one family, code need not
// ask which.
enum class Link { raw, ipv4, ipv6, ethernet };

// The same for an expression as it is, and the empty one makes code too.
Result<Filter> compile_for(Link link, const std::string &expression);

// An instruction in words, as tcpdump -d prints it: "(003) jeq      #0x6             jt 4	jf 5".
std::string instruction_text(const Instruction &instruction, size_t number);

// Whether a packet can be of both, what is asked for and this expression. Also if libpcap cannot tell.
bool can_overlap(const FilterRequest &request, const std::string &other);

// The packets of a connection as an expression, of SSH_CONNECTION's "client port server port"; nothing if it is none.
std::optional<std::string> ssh_packets(const std::string &ssh_connection);

// SSH_CONNECTION of this process or, as sudo removes it, of one that it descends from; empty if there is none.
std::string find_ssh_connection();

} // namespace ipt
