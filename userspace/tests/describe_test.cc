// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <string>

#include <linux/netfilter.h>

#include "event/arp.h"
#include "event/names.h"
#include "make_event.h"
#include "sink/describe.h"

namespace ipt::test {
namespace {

TEST(Describe, owners)
{
	Owner owner{ 1000, 4711, 99, "curl", true, 0, "", {} };
	EXPECT_EQ(owner_text(owner), "sent by curl (pid 99, uid 1000)");
	owner.sending = false;
	owner.cgroup = "/";
	EXPECT_EQ(owner_text(owner), "sent for curl (pid 99, uid 1000)");
	owner.pid = 0;
	owner.cgroup = "/system.slice/docker-x.scope";
	owner.container = { "docker", std::string(64, 'a'), "web" };
	EXPECT_EQ(owner_text(owner), "sent for a socket of uid 1000 in /system.slice/docker-x.scope, container docker "
				     "aaaaaaaaaaaa (web)");
	owner.cgroup.clear();
	owner.container = { "lxc", "", "web" };
	EXPECT_EQ(owner_text(owner), "sent for a socket of uid 1000, container lxc web");
}

TEST(Describe, durations)
{
	EXPECT_EQ(duration_text(900), "0.9 us");
	EXPECT_EQ(duration_text(999'900), "999.9 us");
	EXPECT_EQ(duration_text(1'500'000), "1.5 ms");
	EXPECT_EQ(duration_text(2'500'000'000), "2.5 s");
}

// A rule can make another one of it: of the addresses no more is said than is known.
TEST(Describe, what_became_of_a_packet_of_arp)
{
	const auto changed = [](const auto &change) {
		const PacketFields before = who_has();
		PacketFields after = before;
		change(after);
		return changes_text(NFPROTO_ARP, before, after);
	};
	EXPECT_EQ(changed([](PacketFields &) {}), "");
	EXPECT_EQ(changed([](PacketFields &arp) { arp.destination[3] = 9; }),
		  "now request 192.0.2.1 at 52:54:00:12:34:56 > 192.0.2.9 at 00:00:00:00:00:00");
	EXPECT_EQ(changed([](PacketFields &arp) {
			  set_arp(arp, { 2, 1, 0x0800, 6, 4 });
		  }),
		  "now reply 192.0.2.1 at 52:54:00:12:34:56 > 192.0.2.2 at 00:00:00:00:00:00");
	EXPECT_EQ(changed([](PacketFields &arp) {
			  const uint32_t length = arp.length;
			  arp = {};
			  arp.length = length;
			  set_arp(arp, { 1, 6, 0x0800, 6, 4 });
		  }),
		  "now request (hardware 6, addresses of 6 bytes; protocol 0x0800, of 4 bytes)");
	EXPECT_EQ(changed([](PacketFields &arp) { arp.mark = 7; }), "mark 0x7");
}

} // namespace
} // namespace ipt::test
