// SPDX-License-Identifier: GPL-2.0-only
// Recordings that hold what no recording of ours does.
#include <gtest/gtest.h>

#include <fmt/core.h>

#include "recorded.h"
#include "sink/json.h"

namespace ipt::test {
namespace {

std::string with(std::string text, const std::string &what, const std::string &by)
{
	const size_t at = text.find(what);
	EXPECT_NE(at, std::string::npos) << what;
	return text.replace(at, what.size(), by);
}

TEST_F(RecordTest, wrong_values_are_named)
{
	const std::string json = recorded<JsonSink>({ sample_tcp() });
	const auto complaint = [&](const char *what, const char *by) { return read(with(json, what, by)); };
	EXPECT_NE(complaint("\"version\":1", "\"version\":2").find("version 2"), std::string::npos);
	EXPECT_NE(complaint("\"seq\":1", "\"seq\":0").find("line 3: an event without a number"), std::string::npos);
	EXPECT_NE(complaint("\"seq\":1", "\"seq\":-1").find("\"seq\" is not a number that fits"), std::string::npos);
	EXPECT_NE(complaint("\"seq\":1", "\"seq\":\"1\"").find("\"seq\""), std::string::npos);
	EXPECT_NE(complaint("\"hook\":\"INPUT\"", "\"hook\":\"OUTSIDE\"").find("\"hook\""), std::string::npos);
	EXPECT_NE(complaint("\"family\":\"ipv4\",\"table\":\"filter\",\"hook",
			    "\"family\":\"x\",\"table\":\"filter\",\"hook")
			  .find("\"family\""),
		  std::string::npos);
	EXPECT_NE(complaint("192.0.2.1", "192.0.2.256").find("not an address"), std::string::npos);
	EXPECT_NE(complaint("\"header\":\"00", "\"header\":\"0g").find("hexadecimal"), std::string::npos);
	EXPECT_NE(complaint("\"seen\":\"complete\"", "\"seen\":\"half\"").find("\"seen\""), std::string::npos);
	EXPECT_NE(complaint("\"table\":\"filter\",\"hook",
			    "\"table\":\"a_name_that_is_longer_than_a_table_may_have\",\"hook")
			  .find("too long"),
		  std::string::npos);
	const std::string observed = recorded<JsonSink>({ sample_observed() });
	const auto wrong = [&](const char *what, const char *by) { return read(with(observed, what, by)); };
	EXPECT_NE(wrong("\"index\":1", "\"index\":256").find("\"index\""), std::string::npos);
	EXPECT_NE(wrong("\"yes\":true", "\"yes\":1").find("\"yes\""), std::string::npos);
	EXPECT_NE(wrong("\"matches\":[{", "\"matches\":[],\"x\":[{").find("\"matches\""), std::string::npos);
	EXPECT_NE(read("{}").find("not a recording"), std::string::npos);
	EXPECT_NE(read("{\"type\":\"enter\"}").find("not a recording"), std::string::npos);
	EXPECT_NE(read("hello").find("not a recording"), std::string::npos);
	EXPECT_NE(read("").find("empty"), std::string::npos);
}

// 0 is the number of none.
TEST_F(RecordTest, a_packet_without_events_is_named)
{
	const std::string json = recorded<JsonSink>({ sample_tcp() });
	const std::string first = json.substr(0, json.find('\n') + 1);
	for (const char *number : { "0", "1" }) {
		const std::string packet =
			fmt::format("{{\"type\":\"packet\",\"packet\":{},\"seen\":\"complete\"}}\n", number);
		EXPECT_NE(read(first + packet).find("a packet that has no event"), std::string::npos) << packet;
		EXPECT_NE(read(json + packet).find("a packet that has no event"), std::string::npos) << packet;
	}
}

// As in events: what no module says is no recording of it.
TEST_F(RecordTest, arp_where_it_cannot_be_is_named)
{
	const std::string json = recorded<JsonSink>({ sample_arp() });
	ASSERT_EQ(read(json), "");
	const auto complaint = [&](const char *what, const char *by) { return read(with(json, what, by)); };
	EXPECT_NE(complaint("\"family\":\"arp\",\"nft_family\":\"arp\"", "\"family\":\"arp\",\"nft_family\":\"inet\"")
			  .find("\"nft_family\""),
		  std::string::npos);
	EXPECT_NE(complaint("\"family\":\"arp\",\"nft_family\":\"arp\"", "\"family\":\"arp\"").find("\"nft_family\""),
		  std::string::npos);
	EXPECT_NE(complaint("\"hook\":\"INPUT\"", "\"hook\":\"FORWARD\"").find("\"hook\""), std::string::npos);
	EXPECT_NE(complaint("\"arp\":{", "\"ip\":{").find("\"arp\""), std::string::npos);
	EXPECT_NE(complaint("\"target\":", "\"x\":").find("\"target\""), std::string::npos);
	EXPECT_NE(complaint("\"sender_ethernet\":\"52:54:", "\"sender_ethernet\":\"52:54:00:")
			  .find("address of Ethernet"),
		  std::string::npos);
	EXPECT_NE(complaint("\"operation_number\":1", "\"operation_number\":65536").find("\"operation_number\""),
		  std::string::npos);
	EXPECT_NE(complaint("\"hardware_length\":6", "\"hardware_length\":256").find("\"hardware_length\""),
		  std::string::npos);
	const std::string ip = recorded<JsonSink>({ sample_nft() });
	EXPECT_NE(read(with(ip, "\"nft_family\":\"inet\",\"table\":\"web\",\"hook",
			    "\"nft_family\":\"arp\",\"table\":\"web\",\"hook"))
			  .find("\"nft_family\""),
		  std::string::npos);
}

TEST_F(RecordTest, objects_of_later_versions_are_passed_over)
{
	const std::string json = recorded<JsonSink>({ sample_tcp() });
	EXPECT_EQ(
		read(with(json, "{\"type\":\"ruleset\"", "{\"type\":\"weather\",\"sun\":true}\n{\"type\":\"ruleset\"")),
		"");
	EXPECT_EQ(read_traces.size(), 1U);
}

TEST_F(RecordTest, nothing_in_a_recording_speaks_to_the_terminal)
{
	const std::string json = recorded<JsonSink>({ sample_tcp() });
	ASSERT_EQ(read(with(json, "\"name\":\"eth0\"", "\"name\":\"\\u001b[2J\"")), "");
	EXPECT_EQ(name_of(read_traces[0].traversals[0].enter->in.name), "\\x1b[2J");
}

} // namespace
} // namespace ipt::test
