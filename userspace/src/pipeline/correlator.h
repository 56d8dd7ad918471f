// SPDX-License-Identifier: GPL-2.0-only
// Puts events together into packets, and judges how much of each packet was seen.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <unordered_map>
#include <vector>

#include "pipeline/packet.h"

namespace ipt {

// What the module and the programs know to have been lost in the session so far.
struct Losses {
	uint64_t numbered = 0; // events that have a number in their packet and are nowhere else
	uint64_t missed = 0; // probe hits that the kernel did not deliver: they have no number
	uint64_t forgotten = 0; // packets that the module lost sight of
	uint64_t blind = 0; // grows while the kernel's probes are switched off
};

struct Patience {
	uint64_t settle_ns = 500'000'000; // between the ends of two tables that a packet meets
	uint64_t queue_ns = 3'000'000'000; // for the verdict of a table, or of a program behind NFQUEUE
	size_t open_packets = 65536; // that are waited for at the same time
};

class Correlator {
public:
	using Finished = std::function<void(PacketTrace &&)>;

	// owner_of: asked of each enter event that has an owner, when it comes.
	Correlator(RulesetStore &texts, Finished finished, Patience patience = {}, OwnerOf owner_of = {})
		: texts_(texts), finished_(std::move(finished)), patience_(patience), owner_of_(std::move(owner_of))
	{
	}

	// In the order of the ring buffer. Returns the traversal that the event belongs to.
	const Traversal &add(const Event &event);

	// All events up to now were added, but for those of walks that are not over yet: hands over the packets that have come to
	// their end.
	void settle(uint64_t now, const Losses &losses);

	// The session is over: hands over all that is left.
	void finish(const Losses &losses);

	// Whether a packet is under way that another one made, whose number is one of those.
	bool has_open_children(const std::function<bool(uint64_t parent)> &of) const;

private:
	struct Open {
		PacketTrace trace;
		Losses before; // as known before its first event
		uint32_t next_seq = 1;
		uint64_t lost = 0;
		uint64_t lost_at_first = 0; // of them, before the first that arrived: perhaps counted in before
		uint64_t last_missed = 0;
		bool terminal = false;
		std::list<uint64_t>::iterator age;
	};

	Open &open(const Head &head);
	std::optional<Origin> origin_of(const Head &head);
	Traversal &traversal_of(Open &packet, const Head &head);
	void count_gap(Open &packet, const Head &head);
	bool has_same_rules(const Traversal &walk) const;
	void finish_nft(const Event &event, Traversal &walk);
	void tell_children(const Rule &rule, const Binding &rules);
	bool is_being_judged(const Open &packet) const;
	Completeness judge(const Open &packet, const Losses &losses) const;
	void hand_over(uint64_t number, const Losses &losses, const char *cut_short = nullptr);

	RulesetStore &texts_;
	Finished finished_;
	Patience patience_;
	OwnerOf owner_of_;
	Losses known_;
	std::unordered_map<uint64_t, Open> open_;
	std::list<uint64_t> by_age_; // open packets, the one that was silent longest first
	std::vector<uint64_t> ended_; // open packets of which nothing more can come
	// Packets that were handed over, with their next number, in case that more of them comes.
	std::unordered_map<uint64_t, uint32_t> past_;
	std::deque<uint64_t> past_order_;
	// Packets that were made in a rule of nf_tables, which is told when it is done, by the walk that met it.
	std::unordered_multimap<uint64_t, uint64_t> awaiting_;
};

} // namespace ipt
