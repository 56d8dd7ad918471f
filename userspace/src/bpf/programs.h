// SPDX-License-Identifier: GPL-2.0-only
// The only folder that knows libbpf: the trace programs, loaded, and the ring buffer that they fill.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "iptables_trace_event.h"
#include "util/result.h"

struct iptables_trace_bpf;
struct ring_buffer;

namespace ipt {

class Programs {
public:
	// What is done with a record of the ring buffer, which is valid for the time of the call; returns how many events were in
	// it.
	using Record = std::function<size_t(std::span<const std::byte>)>;
	using LossCounts = std::array<uint64_t, IPT_EVENT_LOSSES>;

	// What events carry besides.
	struct Extras {
		bool header; // the packet's first bytes
		bool costs; // what rules took, if the session asks for it
	};

	// ring_bytes: a power of two, at least a page. log: what libbpf says about a failure, if somebody wants to know.
	static Result<Programs> load(size_t ring_bytes, Extras extras, Record record,
				     std::function<void(const char *)> log);

	Programs(Programs &&) noexcept;
	~Programs();

	int enter_fd() const;
	int rule_fd() const;
	int leave_fd() const;
	int matches_fd() const;
	// Does the work of the first three, with a record for a whole walk.
	int walk_fd() const;

	// Becomes readable when the programs want the reader to hurry.
	int ring_fd() const;
	// Hands over what is in the ring, up to about so many events.
	void consume(size_t most);

	LossCounts losses() const;

private:
	struct Callback;
	struct Free {
		void operator()(iptables_trace_bpf *skeleton) const;
		void operator()(ring_buffer *ring) const;
	};

	Programs();

	std::unique_ptr<Callback> callback_;
	std::unique_ptr<iptables_trace_bpf, Free> skeleton_;
	std::unique_ptr<ring_buffer, Free> ring_;
};

} // namespace ipt
