// SPDX-License-Identifier: GPL-2.0-only
#include "record/json_outcome.h"

#include "event/names.h"
#include "record/json_event.h"

namespace ipt {

void write_outcome(JsonText &json, const PacketTrace &trace, const NetnsNameOf &netns_name)
{
	const auto verdict = verdict_of(trace);
	if (verdict)
		json.word("verdict", verdict_name(*verdict));
	if (!trace.outcome)
		return;
	const Head &head = trace.outcome->head;
	json.open("ended_in").text("table", name_of(head.table)).word("hook", hook_name(head.hook));
	if (head.nft_family)
		json.word("nft_family", nft_family_name(head.nft_family))
			.text("base_chain", trace.outcome->first_chain);
	if (head.flags & IPT_EVENT_TABLE_CUT)
		json.boolean("table_cut", true);
	if (ends_elsewhere(trace)) {
		json.text("netns", netns_name(head)).number("netns_inode", head.netns);
		if (head.netns_cookie)
			json.number("netns_cookie", head.netns_cookie);
	}
	if (verdict)
		json.number("verdict_number", *verdict);
	if (trace.outcome->rejected)
		json.boolean("rejected", true);
	json.close();
}

Outcome outcome_from(const JsonObject &from, const Head &last)
{
	Outcome outcome{};
	const bool elsewhere = from.has("netns_inode");
	outcome.head.netns = elsewhere ? from.number<uint32_t>("netns_inode") : last.netns;
	outcome.head.netns_cookie = elsewhere ? from.number_or<uint64_t>("netns_cookie", 0) : last.netns_cookie;
	if (from.is("table_cut"))
		outcome.head.flags |= IPT_EVENT_TABLE_CUT;
	set_name_from(outcome.head.table, from.text("table"));
	outcome.head.hook = hook_from(from);
	if (from.has("nft_family")) {
		outcome.head.nft_family = nft_family_from(from);
		outcome.first_chain = from.text("base_chain");
	}
	if (from.has("verdict_number"))
		outcome.verdict = from.number<uint32_t>("verdict_number");
	outcome.rejected = from.is("rejected");
	return outcome;
}

} // namespace ipt
