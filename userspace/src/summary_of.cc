// SPDX-License-Identifier: GPL-2.0-only
#include "summary_of.h"

#include <fmt/core.h>

namespace ipt {

namespace {

// Of two counters that were not read in the same moment.
uint64_t beyond(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

} // namespace

Summary summary_of(const Stats &stats, const Programs::LossCounts &programs, const LoopCounts &loop)
{
	const uint64_t programs_lost = programs[IPT_EVENT_LOSS_RING_FULL] + programs[IPT_EVENT_LOSS_CONTEXT];
	const uint64_t written = beyond(stats.events, stats.events_unwritten + stats.events_not_run);
	Summary summary{
		loop.shown,
		loop.received,
		{
			{ programs[IPT_EVENT_LOSS_RING_FULL],
			  "events lost: the ring buffer was full, as the output is slower "
			  "than the packets (a narrower expression helps)" },
			{ programs[IPT_EVENT_LOSS_CONTEXT], "events lost: the module's context could not be read" },
			{ beyond(stats.events_unwritten, programs_lost), "events lost: a BPF program failed" },
			{ stats.events_not_run, "events lost: a BPF program was running on the CPU already" },
			{ beyond(written, loop.received + loop.unreadable),
			  "events lost on their way through the ring buffer" },
			{ loop.unreadable, "events that cannot be read: " + loop.first_complaint },
			{ stats.packets_refused, "packets not traced: more at once than the module has room for" },
			{ stats.packets_forgotten, "packets lost sight of: more at once than the module has room for" },
			{ stats.missed_enter,
			  "walks through tables missed by the kernel's probes, of whatever packets" },
			{ stats.missed_leave, "ends of such walks missed" },
			{ stats.missed_rule, "rules missed by the kernel's probes, of whatever packets" },
			{ stats.missed_other, "other probes missed" },
			{ stats.untold, "walks through chains of nf_tables of whose rules the kernel did not tell" },
			{ loop.times_off,
			  fmt::format("times the kernel's probes were switched off for a while, and nothing was "
				      "seen{}{}",
				      loop.probes_switch.empty() ? "" : ": ", loop.probes_switch) },
		},
		stats.packets_left_out,
		stats.packets_held_back,
		stats.packets_guessed,
	};
	if (loop.observed)
		summary.observed = { stats.matches, stats.unobserved_busy, stats.unobserved_unknown };
	if (loop.own)
		summary.own = { *loop.own, stats.own_probe, stats.own_table, stats.own_match, stats.own_clock };
	return summary;
}

} // namespace ipt
