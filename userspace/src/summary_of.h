// SPDX-License-Identifier: GPL-2.0-only
// From what was counted, by the module, the BPF programs and the loop, to the summary: which count is which loss.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bpf/programs.h"
#include "kmod/session.h"
#include "pipeline/summary.h"

namespace ipt {

// The loop's own.
struct LoopCounts {
	uint64_t shown = 0; // packets
	uint64_t received = 0; // events
	uint64_t unreadable = 0; // records
	std::string first_complaint; // of those
	uint64_t times_off = 0; // that the kernel's probes were
	std::string probes_switch; // by which; empty: it is not known
	bool observed = false; // matches were
	std::optional<uint64_t> own; // what an event took, if that was measured
};

// But for the dearest rules and matches.
Summary summary_of(const Stats &stats, const Programs::LossCounts &programs, const LoopCounts &loop);

} // namespace ipt
