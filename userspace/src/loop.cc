// SPDX-License-Identifier: GPL-2.0-only
#include "loop.h"

#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <poll.h>
#include <utility>

#include "kmod/switches.h"
#include "output_of.h"
#include "owner/owners.h"
#include "summary_of.h"
#include "util/stop.h"

namespace ipt {

namespace {

// How often the ring is looked at when nothing wakes the tool.
constexpr int kPollMs = 25;
// Events taken out of the ring before they are looked at: enough to make room, not so many that memory fills.
constexpr size_t kBatch = 50000;

} // namespace

Loop::Loop(const Session &session, const Observation &observation, RulesetStore &store, Show &show, Output &output,
	   WallClock &clock, const Options &options, bool measures)
	: session_(session), observation_(observation), store_(store), show_(show), output_(output), clock_(clock),
	  options_(options), measures_(measures),
	  correlator_(
		  store, [this](PacketTrace &&trace) { show_.packet(std::move(trace)); }, {}, Owners())
{
}

size_t Loop::take(std::span<const std::byte> record)
{
	const size_t before = events_.size();
	if (const auto status = unpack(record, events_); !status) {
		if (unreadable_++ == 0)
			first_complaint_ = status.error().message;
		return 0;
	}
	const size_t events = events_.size() - before;
	received_ += events;
	// Soon it may be gone.
	if (auto *matches = std::get_if<Matches>(&events_.back())) {
		for (Match &match : matches->match)
			match.program_name = program_names_(match.program);
	}
	return events;
}

void Loop::drain(Programs &programs, size_t most)
{
	programs.consume(most);
	for (const Event &event : events_) {
		const Traversal &traversal = correlator_.add(event);
		// Of nf_tables more is known by now than the event says.
		if (traversal.head.nft_family && std::holds_alternative<Rule>(event))
			show_.event(traversal.rules.back(), traversal);
		else
			show_.event(event, traversal);
	}
	events_.clear();
}

Losses Loop::losses(const Stats &stats) const
{
	return { stats.events_unwritten + stats.events_not_run,
		 stats.missed_enter + stats.missed_leave + stats.missed_rule + stats.missed_other,
		 stats.packets_forgotten, rounds_off_ };
}

// Rules that have just come are to be observed from their first packet on.
void Loop::watch_replacements(const Stats &stats)
{
	if (observation_.works() && stats.replacements != std::exchange(replacements_, stats.replacements))
		store_.renew();
}

// The administrator can switch the kernel's probes off at any time, and they do not count what they are kept from.
void Loop::watch_probes(const Stats &stats)
{
	const bool off = stats.flags & IPTABLES_TRACE_STATS_PROBES_OFF;
	rounds_off_ += off;
	if (off == probes_off_)
		return;
	probes_off_ = off;
	if (!off)
		return note("the kernel's probes are on again");
	times_off_++;
	const std::string which = probes_switch();
	if (switch_.empty())
		switch_ = which;
	note("the kernel's probes have been switched off, and no packet is seen" + (which.empty() ? "" : ": " + which));
}

Loop::End Loop::round(Programs &programs)
{
	pollfd ring{ programs.ring_fd(), POLLIN, 0 };
	poll(&ring, 1, kPollMs);
	// In this order: what the module had counted by now is in the ring by now.
	const uint64_t now = monotonic_ns();
	const auto stats = session_.stats();
	if (!stats)
		return End::module;
	watch_probes(*stats);
	watch_replacements(*stats);
	announce(*stats);
	clock_.update();
	drain(programs, kBatch);
	correlator_.settle(now, losses(*stats));
	output_.flush();
	if (output_.error())
		return End::output;
	if (show_.enough() &&
	    !correlator_.has_open_children([this](uint64_t parent) { return show_.has_shown(parent); }))
		return End::count;
	if (stop_requested())
		return End::signal;
	if (stats->flags & IPTABLES_TRACE_STATS_NETNS_GONE)
		return End::netns_gone;
	return stats->flags & IPTABLES_TRACE_STATS_PROCESS_GONE ? End::process_gone : End::none;
}

Exit Loop::run(Programs &programs)
{
	const uint64_t begin = monotonic_ns();
	const uint64_t limit = options_.duration ? static_cast<uint64_t>(options_.duration->count()) * 1'000'000 : 0;
	End why = End::none;
	while (why == End::none) {
		why = round(programs);
		if (why == End::none && limit && monotonic_ns() - begin >= limit)
			why = End::time;
	}
	return end(programs, why);
}

Summary Loop::summary(const Stats &stats, const Programs::LossCounts &programs) const
{
	const Costs &costs = show_.costs();
	Summary summary = summary_of(stats, programs,
				     { show_.shown(), received_, unreadable_, first_complaint_, times_off_, switch_,
				       observation_.works(), measures_ ? costs.own() : std::nullopt });
	summary.dearest = costs.dearest();
	summary.dearest_rules = costs.dearest_rules();
	return summary;
}

// What --rate and --explain-budget do is not to be taken for silence.
void Loop::announce(const Stats &stats)
{
	if (stats.packets_held_back && !std::exchange(announced_, true))
		note(fmt::format("more than {} events a second: packets beyond that are held back and counted (--rate "
				 "changes it)",
				 options_.select.rate));
	if (stats.unobserved_busy && !std::exchange(announced_busy_, true))
		note(fmt::format("more than {} matches a second: walks through tables beyond that are not observed and "
				 "counted (--explain-budget changes it)",
				 options_.explain_budget));
}

Exit Loop::end(Programs &programs, End why)
{
	if (auto status = session_.stop(); !status)
		note(status.error().message);
	const auto stats = session_.stats();
	if (!stats)
		return fail(Exit::failed, stats.error());
	watch_probes(*stats);
	announce(*stats);
	// Nothing is written any more, so this ends.
	size_t before = 0;
	do {
		before = received_ + unreadable_;
		drain(programs, kBatch);
	} while (received_ + unreadable_ != before);
	correlator_.finish(losses(*stats));
	const Summary result = summary(*stats, programs.losses());
	show_.end(&result);
	output_.flush();

	if (output_.error() && output_.error() != EPIPE)
		return fail(Exit::failed,
			    { fmt::format("cannot write the trace: {}", std::strerror(output_.error())) });
	if (why == End::netns_gone)
		note(options_.netns.size() > 1 ? "the network namespaces have ended" :
						 "the network namespace has ended");
	if (why == End::process_gone)
		note(fmt::format("process {} has ended", options_.select.pid));
	note(result.text());
	return result.lossless() ? Exit::ok : Exit::lost;
}

} // namespace ipt
