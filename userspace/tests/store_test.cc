// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <algorithm>

#include "make_event.h"
#include "ruleset/store.h"

namespace ipt::test {
namespace {

// Rules as the kernel has them "now": their text and the count of replacements.
struct FakeRules : TextSource {
	std::string policy = "first";
	uint64_t count = 0;
	std::string failure;
	int reads = 0;
	uint64_t identity = 0;
	std::optional<uint64_t> since;
	std::vector<std::string> renewed;

	Result<Snapshot> read(const TableKey &) override
	{
		reads++;
		if (!failure.empty())
			return Error{ failure };
		auto text = std::make_shared<TableText>();
		text->chains["INPUT"].policy = policy;
		return Snapshot{ text, count, identity, since };
	}
	void renew(const TableKey &key) override { renewed.push_back(key.table); }
};

Head seen(uint64_t ruleset, uint64_t count, const std::string &table = "filter", uint32_t netns = 1)
{
	Head head{};
	head.ruleset = ruleset;
	head.replacements = count;
	head.netns = netns;
	head.family = NFPROTO_IPV4;
	set_name(head.table, table);
	return head;
}

std::string policy_of(const Binding &binding)
{
	return binding.text ? binding.text->chain("INPUT")->policy : "";
}

TEST(RulesetStore, reads_once_for_one_ruleset)
{
	FakeRules rules;
	RulesetStore store(rules);
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(policy_of(store.bind(seen(11, 0))), "first");
	EXPECT_EQ(rules.reads, 1);
}

TEST(RulesetStore, reads_again_when_the_rules_changed_and_keeps_the_old_text)
{
	FakeRules rules;
	RulesetStore store(rules);
	EXPECT_EQ(policy_of(store.bind(seen(11, 0))), "first");
	rules.policy = "second";
	rules.count = 1;
	EXPECT_EQ(policy_of(store.bind(seen(12, 1))), "second");
	EXPECT_EQ(policy_of(store.bind(seen(11, 0))), "first");
	EXPECT_EQ(rules.reads, 2);
}

// The event is of rules that are gone by the time they are read: their text is not the text of what came after.
TEST(RulesetStore, never_gives_newer_rules_to_an_older_event)
{
	FakeRules rules;
	RulesetStore store(rules);
	rules.policy = "second";
	rules.count = 1;
	const Binding binding = store.bind(seen(11, 0));
	EXPECT_EQ(binding.text, nullptr);
	EXPECT_NE(binding.why_not, "");
	EXPECT_EQ(policy_of(store.bind(seen(12, 1))), "second");
	EXPECT_EQ(store.bind(seen(11, 0)).text, nullptr);
	EXPECT_EQ(rules.reads, 1);
}

// Another table was replaced between event and reading; once an event shows that this one was not, the text counts.
TEST(RulesetStore, binds_later_when_the_same_rules_are_seen_again)
{
	FakeRules rules;
	RulesetStore store(rules);
	rules.count = 5;
	EXPECT_EQ(store.bind(seen(11, 4)).text, nullptr);
	EXPECT_EQ(policy_of(store.bind(seen(11, 6))), "first");
	EXPECT_EQ(rules.reads, 1);
}

TEST(RulesetStore, uses_what_was_read_ahead)
{
	FakeRules rules;
	RulesetStore store(rules);
	store.offer(key_of(seen(0, 0)), *rules.read({}));
	rules.reads = 0;
	EXPECT_EQ(policy_of(store.bind(seen(11, 0))), "first");
	EXPECT_EQ(rules.reads, 0);
}

TEST(RulesetStore, tables_and_namespaces_do_not_mix)
{
	FakeRules rules;
	RulesetStore store(rules);
	store.bind(seen(11, 0, "filter", 1));
	rules.policy = "other";
	EXPECT_EQ(policy_of(store.bind(seen(11, 0, "nat", 1))), "other");
	EXPECT_EQ(policy_of(store.bind(seen(11, 0, "filter", 2))), "other");
	EXPECT_EQ(policy_of(store.bind(seen(11, 0, "filter", 1))), "first");
}

TEST(RulesetStore, says_why_there_is_no_text_and_does_not_ask_for_each_packet)
{
	FakeRules rules;
	rules.failure = "iptables-legacy-save is not installed";
	RulesetStore store(rules);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(store.bind(seen(11, 0)).why_not, rules.failure);
	EXPECT_EQ(rules.reads, 1);
	rules.failure.clear();
	rules.count = 1;
	EXPECT_EQ(policy_of(store.bind(seen(11, 1))), "first");
}

TEST(RulesetStore, rules_that_are_just_being_replaced_have_no_text)
{
	FakeRules rules;
	RulesetStore store(rules);
	EXPECT_EQ(store.bind(seen(0, 0)).text, nullptr);
	EXPECT_EQ(rules.reads, 0);
}

TEST(RulesetStore, goes_on_through_more_replacements_than_it_remembers)
{
	FakeRules rules;
	RulesetStore store(rules);
	for (uint64_t i = 1; i <= 1000; i++) {
		rules.count = i;
		rules.policy = std::to_string(i);
		EXPECT_EQ(policy_of(store.bind(seen(100 + i, i))), std::to_string(i));
	}
}

// Whatever the count says: another table was replaced between event and reading.
TEST(RulesetStore, binds_by_identity_where_the_reader_was_told)
{
	FakeRules rules;
	RulesetStore store(rules);
	rules.count = 5;
	rules.identity = 11;
	EXPECT_EQ(policy_of(store.bind(seen(11, 4))), "first");
	rules.policy = "second";
	rules.count = 7;
	rules.identity = 13;
	EXPECT_EQ(store.bind(seen(12, 6)).text, nullptr);
	EXPECT_EQ(policy_of(store.bind(seen(13, 6))), "second");
	EXPECT_EQ(policy_of(store.bind(seen(11, 4))), "first");
}

TEST(RulesetStore, uses_what_was_read_ahead_by_its_identity)
{
	FakeRules rules;
	RulesetStore store(rules);
	rules.identity = 11;
	store.offer(key_of(seen(0, 0)), *rules.read({}));
	rules.reads = 0;
	EXPECT_EQ(policy_of(store.bind(seen(11, 2))), "first");
	EXPECT_EQ(rules.reads, 0);
}

// Whoever reads the rules has them observed from their first packet on.
TEST(RulesetStore, has_the_tables_that_it_knows_renewed)
{
	FakeRules rules;
	RulesetStore store(rules);
	store.bind(seen(11, 0, "filter"));
	store.bind(seen(12, 0, "nat"));
	rules.failure = "gone";
	store.bind(seen(13, 0, "raw"));
	store.renew();
	EXPECT_EQ(rules.renewed, (std::vector<std::string>{ "filter", "nat" }));
	EXPECT_EQ(rules.reads, 3);
}

TEST(RulesetStore, keeps_no_more_than_a_few_texts_of_a_table)
{
	FakeRules rules;
	RulesetStore store(rules);
	std::vector<std::weak_ptr<const TableText>> texts;
	for (uint64_t i = 1; i <= 20; i++) {
		rules.count = i;
		texts.push_back(store.bind(seen(100 + i, i)).text);
	}
	const auto kept = std::count_if(texts.begin(), texts.end(), [](const auto &text) { return !text.expired(); });
	EXPECT_GE(kept, 2);
	EXPECT_LE(kept, 4);
}

// Namespaces come and go, and nobody says when their tables are gone.
TEST(RulesetStore, keeps_the_tables_that_were_used_last)
{
	FakeRules rules;
	RulesetStore store(rules);
	std::vector<std::weak_ptr<const TableText>> texts;
	for (uint32_t netns = 1; netns <= 10'000; netns++) {
		Head head = seen(11, 0);
		head.netns = netns;
		texts.push_back(store.bind(head).text);
		head.netns = 1;
		store.bind(head);
	}
	EXPECT_FALSE(texts.front().expired());
	EXPECT_FALSE(texts.back().expired());
	const auto kept = std::count_if(texts.begin(), texts.end(), [](const auto &text) { return !text.expired(); });
	EXPECT_LE(kept, 4096);
	EXPECT_GE(kept, 1000);
	EXPECT_EQ(rules.reads, 10'000);
}

// Each change of nf_tables makes another generation, which is identity and count at once.
TEST(RulesetStore, of_nf_tables_the_generation_is_all)
{
	FakeRules rules;
	RulesetStore store(rules);
	const auto nft = [](uint64_t generation, uint8_t family = IPT_EVENT_NFT_IPV4, uint64_t cookie = 1) {
		Head head = seen(generation, 900);
		head.nft_family = family;
		head.netns_cookie = cookie;
		return head;
	};
	rules.count = rules.identity = 7;
	EXPECT_EQ(policy_of(store.bind(nft(7))), "first");
	EXPECT_EQ(policy_of(store.bind(nft(7))), "first");
	EXPECT_EQ(rules.reads, 1);
	EXPECT_EQ(policy_of(store.bind(nft(6))), "");
	EXPECT_EQ(rules.reads, 1);
	rules.policy = "second";
	rules.count = rules.identity = 8;
	EXPECT_EQ(policy_of(store.bind(nft(8))), "second");
	EXPECT_EQ(policy_of(store.bind(nft(7))), "first");
	EXPECT_EQ(rules.reads, 2);
	EXPECT_EQ(store.bind(nft(0)).text, nullptr);
	// Another table, the same of another namespace with the same number, and that of x_tables.
	rules.policy = "third";
	EXPECT_EQ(policy_of(store.bind(nft(8, IPT_EVENT_NFT_INET))), "third");
	rules.policy = "fourth";
	EXPECT_EQ(policy_of(store.bind(nft(8, IPT_EVENT_NFT_IPV4, 2))), "fourth");
	rules.policy = "fifth";
	rules.identity = 8;
	EXPECT_EQ(policy_of(store.bind(seen(8, 8))), "fifth");
}

// Where rules are known not to have changed meanwhile, it does not matter that they were read late.
TEST(RulesetStore, what_was_the_same_before_and_after_was_it_in_between)
{
	FakeRules rules;
	RulesetStore store(rules);
	const auto nft = [](uint64_t generation) {
		Head head = seen(generation, 0);
		head.nft_family = IPT_EVENT_NFT_IPV4;
		return head;
	};
	rules.count = rules.identity = 5;
	rules.since = 5;
	EXPECT_EQ(policy_of(store.bind(nft(5))), "first");
	rules.count = rules.identity = 9;
	EXPECT_EQ(policy_of(store.bind(nft(7))), "first");
	EXPECT_EQ(policy_of(store.bind(nft(6))), "first");
	EXPECT_EQ(policy_of(store.bind(nft(4))), "");
	EXPECT_EQ(rules.reads, 2);
	// Other rules, since 12.
	rules.policy = "second";
	rules.count = rules.identity = 13;
	rules.since = 12;
	EXPECT_EQ(policy_of(store.bind(nft(11))), "");
	EXPECT_EQ(policy_of(store.bind(nft(12))), "second");
	EXPECT_EQ(policy_of(store.bind(nft(8))), "");
}

} // namespace
} // namespace ipt::test
