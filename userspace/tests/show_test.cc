// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fmt/core.h>

#include "samples.h"
#include "sink/line.h"
#include "sink/show.h"
#include "util/file.h"

namespace ipt::test {
namespace {

class ShowTest : public testing::Test {
protected:
	void SetUp() override { folder = mkdtemp(name); }
	void TearDown() override { std::filesystem::remove_all(folder); }

	// Whose lines are in FILE.1 and so on, the oldest first.
	std::string packets_of_files() const
	{
		std::string text;
		for (unsigned int age = 9; age > 0; age--) {
			const auto lines = read_file(fmt::format("{}/file.{}", folder, age));
			for (size_t at = 0; lines && (at = lines->find(" #", at)) != std::string::npos; at++)
				text += (*lines)[at + 2];
			text += lines ? " " : "";
		}
		return text;
	}

	std::string folder;
	WallClock clock{ 0 };
	Look look{ clock, [](const Head &) { return "router"; } };

private:
	char name[32] = "/tmp/show-test-XXXXXX";
};

// Whose events come between those of another.
TEST_F(ShowTest, lines_of_a_packet_are_in_one_file)
{
	auto output = Output::open(folder + "/file", { 1, 10 });
	ASSERT_TRUE(output);
	LineSink sink(*output, look);
	Show show(sink, *output, {}, 0, { 0, look.netns_name });
	PacketMaker first(1), second(2);
	const Binding unread{ nullptr, "not read" };
	const Enter enter = first.enter("filter", NF_INET_LOCAL_IN);
	Traversal walk = walk_of({ enter }, unread);
	show.event(enter, walk);
	const Enter other = second.enter("filter", NF_INET_LOCAL_IN);
	const Leave other_leave = second.leave(NF_DROP, true);
	const Traversal whole = walk_of({ other, other_leave }, unread);
	show.event(other, whole);
	show.event(other_leave, whole);
	show.packet(trace_of({ whole }));
	const Leave leave = first.leave(NF_DROP, true);
	put(walk, leave);
	show.event(leave, walk);
	show.packet(trace_of({ walk }));
	EXPECT_EQ(packets_of_files(), "222 111 ");
}

} // namespace
} // namespace ipt::test
