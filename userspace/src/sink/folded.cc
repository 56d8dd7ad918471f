// SPDX-License-Identifier: GPL-2.0-only
#include "sink/folded.h"

#include <algorithm>
#include <fmt/core.h>
#include <linux/netfilter.h>
#include <vector>

#include "event/names.h"
#include "pipeline/met.h"
#include "sink/chain_stack.h"

namespace ipt {

namespace {

// More than any ruleset has; rules that are replaced all the time must not fill memory.
constexpr size_t kMostStacks = 200'000;

// What parts frames cannot be in one. A number as its last word is taken for a second column of figures, so it gets the quotes
// that iptables and shells would pass over.
std::string frame(std::string text)
{
	std::replace(text.begin(), text.end(), ';', ',');
	const size_t last = text.find_last_of(' ') + 1;
	const std::string_view word = std::string_view(text).substr(last);
	if (last > 0 && !word.empty() && word.find_first_not_of("0123456789.") == std::string::npos &&
	    std::count(word.begin(), word.end(), '.') <= 1)
		text.insert(last, 1, '"') += '"';
	return text;
}

// On another CPU the clock may stand a little behind.
uint64_t since_then(uint64_t then, uint64_t now)
{
	return now > then ? now - then : 0;
}

std::string stack_of(const std::string &table, const ChainStack &chains)
{
	std::string stack = table;
	for (const std::string &chain : chains.chains())
		stack += ";" + frame(chain);
	return stack;
}

std::string frame_of(const Rule &rule, const Traversal &walk)
{
	const Met what = met(rule, walk.rules_text);
	const bool numbered = what.what == Met::What::rule || what.what == Met::What::not_sure;
	return frame(numbered ? fmt::format("{} {}", rule_name(rule, walk.rules_text), what.text) : what.text);
}

} // namespace

void FoldedSink::add(const std::string &stack, uint64_t ns)
{
	const auto known = stacks_.find(stack);
	if (known != stacks_.end())
		known->second += ns;
	else
		stacks_[stacks_.size() < kMostStacks ? stack : "other"] += ns;
}

void FoldedSink::add_walk(const Traversal &walk)
{
	if (!walk.enter || !walk.leave)
		return;
	const std::string table = frame(table_name(walk.head));
	const bool says_family = walk.head.nft_family == IPT_EVENT_NFT_IPV6;
	const std::string root = walk.head.family == NFPROTO_IPV6 && !says_family ? table + " (IPv6)" : table;
	ChainStack chains(first_chain_name(walk));
	std::string stack = stack_of(root, chains);
	const bool timed = is_timed(walk.leave->head);
	uint64_t since = walk.enter->head.time;
	for (const Rule &rule : walk.rules) {
		chains.go_to(chain_name(rule, walk.rules_text));
		stack = stack_of(root, chains) + ";" + frame_of(rule, walk);
		add(stack, timed ? rule.net : since_then(since, rule.head.time));
		since = rule.head.time;
	}
	add(stack, timed ? time_behind(walk) : since_then(since, walk.leave->head.time));
}

void FoldedSink::packet(const PacketTrace &trace)
{
	for (const Traversal &walk : trace.traversals)
		add_walk(walk);
}

void FoldedSink::end(const Summary *)
{
	std::vector<std::pair<std::string, uint64_t>> sorted(stacks_.begin(), stacks_.end());
	std::sort(sorted.begin(), sorted.end());
	for (const auto &[stack, ns] : sorted)
		output_.write(fmt::format("{} {}\n", stack, ns));
}

} // namespace ipt
