// SPDX-License-Identifier: GPL-2.0-only
#include "sink/describe.h"

#include <cstring>
#include <fmt/core.h>
#include <linux/netfilter.h>
#include <string_view>

#include "event/arp.h"
#include "event/names.h"

namespace ipt {

namespace {

// What it is now, if that is something else than before.
std::string now_text(uint8_t family, const PacketFields &before, const PacketFields &after)
{
	const bool same = std::memcmp(before.source, after.source, sizeof(after.source)) == 0 &&
			  std::memcmp(before.destination, after.destination, sizeof(after.destination)) == 0 &&
			  before.source_port == after.source_port && before.destination_port == after.destination_port;
	if (family == NFPROTO_ARP)
		return same && arp_of(before) == arp_of(after) ? "" : "now " + arp_fields_text(after);
	return same ? "" : "now " + endpoints_text(family, after);
}

const char *or_another(const Traversal &walk)
{
	return walk.head.nft_family ? " (by this rule or one before that said no)" : " (by this rule or a match since)";
}

} // namespace

std::string devices_text(const Enter &enter)
{
	const std::string in(name_of(enter.in.name));
	const std::string out(name_of(enter.out.name));
	if (!in.empty() && !out.empty())
		return in + " > " + out;
	return !in.empty() ? "in " + in : !out.empty() ? "out " + out : "";
}

std::string owner_text(const Owner &owner)
{
	std::string text;
	if (owner.pid)
		text = fmt::format("sent {} {} (pid {}, uid {})", owner.sending ? "by" : "for", owner.process,
				   owner.pid, owner.uid);
	else
		text = fmt::format("sent for a socket of uid {}", owner.uid);
	if (!owner.cgroup.empty() && owner.cgroup != "/")
		text += " in " + owner.cgroup;
	const Container &container = owner.container;
	if (container.runtime.empty())
		return text;
	constexpr size_t short_id = 12; // as the runtimes themselves show it
	text += ", container " + container.runtime;
	if (!container.id.empty())
		text += " " + container.id.substr(0, short_id);
	if (!container.name.empty())
		text += container.id.empty() ? " " + container.name : " (" + container.name + ")";
	return text;
}

std::string painted_verdict(uint32_t verdict, const Look &look)
{
	const std::string name = verdict_name(verdict);
	return is_accept(verdict) ? look.green(name) : is_drop(verdict) ? look.red(name) : look.yellow(name);
}

std::string changes_text(uint8_t family, const PacketFields &before, const PacketFields &after)
{
	std::string text;
	const auto add = [&text](const std::string &change) { text += (text.empty() ? "" : ", ") + change; };
	if (const std::string now = now_text(family, before, after); !now.empty())
		add(now);
	if (before.mark != after.mark)
		add(fmt::format("mark {:#x}", after.mark));
	if (before.ct_mark != after.ct_mark)
		add(fmt::format("connmark {:#x}", after.ct_mark));
	if (before.tos != after.tos)
		add(fmt::format("tos {:#04x}", after.tos));
	if (before.connection != after.connection || before.reply != after.reply)
		add(after.connection == IPT_EVENT_CT_NONE ?
			    "no connection" :
			    fmt::format("ct {}{}", connection_name(after.connection), after.reply ? " (reply)" : ""));
	return text;
}

std::string changes_text(const Traversal &walk)
{
	if (!walk.enter || !walk.leave)
		return {};
	const PacketFields &before = walk.enter->packet;
	PacketFields after = walk.leave->packet;
	// What rules have set stands below them, but not what a match had before the first was met.
	if (is_whole(walk) && !walk.rules.empty()) {
		after.mark = walk.rules[0].mark;
		after.ct_mark = walk.rules[0].ct_mark;
	}
	std::string text = changes_text(walk.head.family, before, after);
	const auto add = [&text](const std::string &change) { text += (text.empty() ? "" : ", ") + change; };
	// Between tables forwarding lowers it each time.
	if (before.ttl != after.ttl)
		add(fmt::format("ttl {}", after.ttl));
	if (before.length != after.length)
		add(fmt::format("len {}", after.length));
	return text;
}

std::string time_text(const Traversal &walk, size_t rule)
{
	if (!is_timed(walk.rules[rule].head))
		return {};
	std::string text = duration_text(walk.rules[rule].net);
	if (rule + 1 == walk.rules.size() && is_whole(walk))
		text += ", then " + duration_text(time_behind(walk));
	return text;
}

// A match of x_tables sets no connmark.
std::string marks_text(const Traversal &walk, size_t rule, bool in_doubt)
{
	const bool last = rule + 1 == walk.rules.size();
	const uint32_t mark = last ? walk.leave->packet.mark : walk.rules[rule + 1].mark;
	const uint32_t ct_mark = last ? walk.leave->packet.ct_mark : walk.rules[rule + 1].ct_mark;
	const bool is_nft = walk.rules_text.text && walk.rules_text.text->is_nft;
	std::string text;
	if (mark != walk.rules[rule].mark)
		text = fmt::format("mark {:#x}{}", mark, in_doubt ? or_another(walk) : "");
	if (ct_mark != walk.rules[rule].ct_mark)
		text += fmt::format("{}connmark {:#x}{}", text.empty() ? "" : ", ", ct_mark,
				    in_doubt && is_nft ? or_another(walk) : "");
	return text;
}

bool ends_in_queue(const PacketTrace &trace)
{
	const auto verdict = verdict_of(trace);
	return verdict && (*verdict & NF_VERDICT_MASK) == NF_QUEUE;
}

std::string completeness_text(const PacketTrace &trace, const Look &look)
{
	const Completeness &completeness = trace.completeness;
	switch (completeness.kind) {
	case Completeness::Kind::complete:
		return ends_in_queue(trace) ? "complete so far" : "complete";
	case Completeness::Kind::lost:
		return look.red(fmt::format("{} event{} lost{}", completeness.lost, completeness.lost == 1 ? "" : "s",
					    completeness.perhaps_more ? ", perhaps more" : ""));
	case Completeness::Kind::unknown:
		break;
	}
	return look.yellow(fmt::format("unknown ({})", completeness.reason));
}

} // namespace ipt
