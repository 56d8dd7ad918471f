// SPDX-License-Identifier: GPL-2.0-only
// Packets that are recorded and read again.
#pragma once

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include "record/recording.h"
#include "samples.h"
#include "sink/look.h"
#include "util/output.h"

namespace ipt::test {

inline constexpr int64_t kOffset = 1'764'085'187'000'000'000;

class RecordTest : public testing::Test {
protected:
	template <typename S>
	std::string recorded(const std::vector<PacketTrace> &traces)
	{
		Fd memory(memfd_create("record", 0));
		Output output(memory.get());
		S sink(output, look);
		sink.start(start);
		for (const PacketTrace &trace : traces)
			sink.packet(trace);
		sink.end(&summary);
		output.flush();
		std::string text(static_cast<size_t>(lseek(memory.get(), 0, SEEK_END)), '\0');
		EXPECT_EQ(pread(memory.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
		return text;
	}

	// What is read of these bytes goes to what was read; the error or nothing.
	std::string read(const std::string &bytes)
	{
		read_traces.clear();
		JsonReader reader({ [this](const Start &s) { read_start = s; }, [](const Event &, const Traversal &) {},
				    [this](PacketTrace &&trace) { read_traces.push_back(std::move(trace)); },
				    [this](const Summary &s) { read_summary = s; } });
		// Of this process alone: tests may run beside each other.
		const Fd memory(memfd_create("recording", 0));
		EXPECT_EQ(write(memory.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
		const std::string path = fmt::format("/proc/self/fd/{}", memory.get());
		const auto status = read_recording(path, reader, [] { return true; });
		return status ? "" : status.error().message;
	}

	WallClock clock{ kOffset };
	Look look{ clock, [](const Head &) { return "router"; } };
	Start start{ "iptables-trace 1.2.3", "6.12.0", kOffset, "all packets", "netns router" };
	Summary summary{ 3,
			 10,
			 { { 2, "events lost: of a reason" } },
			 4,
			 5,
			 11,
			 ObservedCounts{ 6, 7, 8 },
			 { { "router", NFPROTO_IPV6, IPT_EVENT_NFT_INET, "filter", "WEB", 3, 1, "-m limit",
			     "-A WEB -m limit", 9, 1000 } },
			 { { "router", NFPROTO_IPV4, IPT_EVENT_NFT_INET, "web", "input", 0, 7, "accept", 2, 50 },
			   { "router", NFPROTO_IPV6, 0, "filter", "WEB", 3, 0, "-A WEB", 9, 40 } },
			 OwnCost{ 1912, 310, 290, 60, 20 } };
	Start read_start;
	Summary read_summary;
	std::vector<PacketTrace> read_traces;
};

} // namespace ipt::test
