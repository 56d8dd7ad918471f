// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "ruleset/presence.h"

namespace ipt::test {
namespace {

TEST(Presence, nothing_to_trace_in_one_place_is_an_error)
{
	EXPECT_NE(presence_error({}, {}, false).find("the network namespace has neither a table"), std::string::npos);
	EXPECT_EQ(presence_error({ .legacy = 1 }, {}, false), "");
	EXPECT_EQ(presence_error({ .arp = 1 }, {}, false), "");
}

// Namespaces of containers mostly have no name, and one may get rules later.
TEST(Presence, everywhere_it_is_one_only_if_no_back_end_is_there)
{
	EXPECT_NE(presence_error({ .back_end = false }, {}, true).find("no network namespace has a table"),
		  std::string::npos);
	EXPECT_EQ(presence_error({ .back_end = true }, {}, true), "");
	EXPECT_EQ(presence_note({ .back_end = true }, {}),
		  "neither this network namespace nor one that `ip netns list` shows has rules to trace; others may");
	EXPECT_EQ(presence_note({ .legacy = 1 }, {}), "");
}

TEST(Presence, tables_that_the_module_does_not_see_are_named)
{
	EXPECT_NE(presence_error({ .nft = 2 }, { .nft = false }, true).find("2 tables of nf_tables"),
		  std::string::npos);
	EXPECT_NE(presence_note({ .legacy = 1, .arp = 1 }, { .arp = false }).find("1 table of nf_tables"),
		  std::string::npos);
}

} // namespace
} // namespace ipt::test
