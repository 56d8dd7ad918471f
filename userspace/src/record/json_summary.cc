// SPDX-License-Identifier: GPL-2.0-only
// The end of a recording: what was seen in all, what was lost, and what was dear.
#include "event/names.h"
#include "record/json_writer.h"
#include "record/vocabulary.h"

namespace ipt {

namespace {

// The object is open then.
void place(JsonText &json, const DearPlace &where)
{
	json.open().text("netns", where.netns).word("family", family_word(where.family));
	if (where.nft_family)
		json.word("nft_family", nft_family_name(where.nft_family));
	json.text("table", where.table).text("chain", where.chain).number("number", where.number);
}

void dearest(JsonText &json, const std::vector<Dear> &matches)
{
	json.open_list("dearest");
	for (const Dear &dear : matches) {
		place(json, dear.where);
		json.number("index", dear.index).text("match", dear.match).text("rule", dear.rule);
		json.number("asked", dear.asked).number("duration_ns", dear.ns).close();
	}
	json.close_list();
}

void dearest_rules(JsonText &json, const std::vector<DearRule> &rules)
{
	json.open_list("dearest_rules");
	for (const DearRule &dear : rules) {
		place(json, dear.where);
		if (dear.handle)
			json.number("handle", dear.handle);
		json.text("rule", dear.rule).number("met", dear.met).number("duration_ns", dear.ns).close();
	}
	json.close_list();
}

void own(JsonText &json, const OwnCost &own)
{
	json.open("own").number("event_ns", own.event).number("probe_ns", own.probe).number("table_ns", own.table);
	json.number("match_ns", own.match).number("clock_ns", own.clock).close();
}

} // namespace

void JsonWriter::summary(std::string &to, const Summary &summary)
{
	JsonText json(to);
	json.open().word("type", "summary").number("packets", summary.packets).number("events", summary.events);
	json.open_list("losses");
	for (const Loss &loss : summary.losses) {
		if (loss.count)
			json.open().number("count", loss.count).text("what", loss.what).close();
	}
	json.close_list().number("left_out", summary.left_out).number("held_back", summary.held_back);
	if (summary.guessed)
		json.number("guessed", summary.guessed);
	if (const auto &observed = summary.observed) {
		json.open("observed").number("matches", observed->matches).number("busy", observed->busy);
		json.number("unknown", observed->unknown).close();
	}
	if (summary.own)
		own(json, *summary.own);
	if (!summary.dearest_rules.empty())
		dearest_rules(json, summary.dearest_rules);
	if (!summary.dearest.empty())
		dearest(json, summary.dearest);
	json.close();
	to += '\n';
}

} // namespace ipt
