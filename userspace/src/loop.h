// SPDX-License-Identifier: GPL-2.0-only
// A running session: takes events out of the ring buffer, shows packets, and knows when to end.
#pragma once

#include <string>
#include <vector>

#include "bpf/program_names.h"
#include "bpf/programs.h"
#include "cli/options.h"
#include "kmod/session.h"
#include "observation.h"
#include "pipeline/correlator.h"
#include "pipeline/summary.h"
#include "sink/show.h"
#include "util/clock.h"
#include "util/output.h"

namespace ipt {

class Loop {
public:
	Loop(const Session &session, const Observation &observation, RulesetStore &store, Show &show, Output &output,
	     WallClock &clock, const Options &options, bool measures);

	// A record of the ring buffer; returns how many events were in it.
	size_t take(std::span<const std::byte> record);

	// Until count, time, a signal or an error ends it; then the summary.
	Exit run(Programs &programs);

private:
	enum class End { none, count, time, signal, netns_gone, process_gone, output, module };

	End round(Programs &programs);
	void drain(Programs &programs, size_t most);
	void watch_replacements(const Stats &stats);
	void watch_probes(const Stats &stats);
	Losses losses(const Stats &stats) const;
	Exit end(Programs &programs, End why);
	void announce(const Stats &stats);
	Summary summary(const Stats &stats, const Programs::LossCounts &programs) const;

	const Session &session_;
	const Observation &observation_;
	RulesetStore &store_;
	Show &show_;
	Output &output_;
	WallClock &clock_;
	const Options &options_;
	const bool measures_; // what rules take
	Correlator correlator_;
	std::vector<Event> events_; // taken out of the ring and not looked at yet
	uint64_t received_ = 0;
	uint64_t unreadable_ = 0;
	std::string first_complaint_;
	bool probes_off_ = false;
	uint64_t times_off_ = 0;
	uint64_t rounds_off_ = 0;
	std::string switch_; // that was off
	bool announced_ = false; // that packets are held back
	bool announced_busy_ = false; // that walks are not observed
	ProgramNames program_names_;
	uint64_t replacements_ = 0; // that the rules known here have been asked for
};

} // namespace ipt
