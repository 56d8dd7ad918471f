// SPDX-License-Identifier: GPL-2.0-only
// Packets out of a capture file, as a rule would see them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "util/result.h"

struct pcap;

namespace ipt {

struct CapturedPacket {
	uint64_t number = 0; // in the file, from 1
	std::vector<uint8_t> bytes; // from the IP header on, as far as it was captured
	uint32_t length = 0; // what it had on the wire
};

class Capture {
public:
	// "-" is standard input. The error names the file, or the link type that nobody here knows.
	static Result<Capture> open(const std::string &path);

	// The next packet of IPv4 or IPv6; false at the end. A file that is damaged further on gives an error then.
	Result<bool> next(CapturedPacket &packet);
	uint64_t others() const { return others_; } // neither IPv4 nor IPv6

private:
	struct Close {
		void operator()(pcap *file) const;
	};

	Capture(pcap *file, std::string path) : file_(file), path_(std::move(path)) {}

	std::unique_ptr<pcap, Close> file_;
	std::string path_;
	uint64_t number_ = 0;
	uint64_t others_ = 0;
};

} // namespace ipt
