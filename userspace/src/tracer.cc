// SPDX-License-Identifier: GPL-2.0-only
#include "tracer.h"

#include <fmt/core.h>
#include <sys/utsname.h>

#include "bpf/programs.h"
#include "kmod/session.h"
#include "loop.h"
#include "observation.h"
#include "output_of.h"
#include "owner/container.h"
#include "ruleset/nft_reader.h"
#include "ruleset/presence.h"
#include "ruleset/reader.h"
#include "ruleset/sources.h"
#include "selection.h"
#include "sink/show.h"
#include "util/stop.h"
#include "util/tell.h"

namespace ipt {

namespace {

constexpr size_t kRingBytes = 4 << 20;

// Events carry the packet's first bytes only for those who keep them.
bool keeps_bytes(Format format)
{
	return format == Format::json || format == Format::pcapng;
}

std::string kernel_release()
{
	utsname system{};
	uname(&system);
	return system.release;
}

// That a back end is there and cannot be looked into.
std::string unprobed_note(const Session &session, const Presence &presence)
{
	const auto info = session.info();
	if (!info || !(presence.nft || presence.arp) || !session.sees_nft() || info->hooks & IPTABLES_TRACE_HOOK_NFT)
		return {};
	return "the kernel does not let nft_do_chain be probed, so no table of nf_tables is seen: see dmesg";
}

// What matches say comes in between the events of a walk, and what an event takes is measured from one to the next: then each is
// told by itself.
Status set_programs(const Session &session, const Programs &programs, const Options &options)
{
	if (session.tells_walks() && !options.observes() && !options.measures())
		return session.set_walks(programs.walk_fd(), options.arp());
	return session.set_programs(programs.enter_fd(), programs.rule_fd(), programs.leave_fd(), options.arp());
}

// Of what the module refuses, what is not the fault of the command line.
Exit exit_of(const Error &refused)
{
	return refused.reason == EPERM ? Exit::not_here : refused.reason == ENOMEM ? Exit::failed : Exit::usage;
}

} // namespace

Exit trace(const Options &options)
{
	const Expression expression = expression_of(options);
	const auto filter = compile(expression.request);
	if (!filter)
		return fail(Exit::usage, filter.error());
	const auto request = select_request(options);
	if (!request)
		return fail(Exit::usage, request.error());
	const auto session = Session::open();
	if (!session)
		return fail(Exit::not_here, session.error());
	auto place = find_place(options);
	if (!place)
		return fail(Exit::usage, place.error());
	const Presence presence = look_for_rules(place->known, { options.ipv4, options.ipv6, options.arp() });
	const Sight sight{ .nft = session->sees_nft(), .arp = session->sees_arp() };
	if (const std::string nothing = presence_error(presence, sight, place->everywhere); !nothing.empty())
		return fail(Exit::not_here, { nothing });
	note(presence_note(presence, sight));
	note(owner_note(options.select));

	auto output = open_output(options);
	if (!output)
		return fail(Exit::failed, output.error());
	WallClock clock;
	NetnsNames names([](const std::string &pid) { return container_of_process(pid); });
	const Look look = look_of(options, *output, clock,
				  [&names](const Head &head) { return names(head.netns, head.netns_cookie); });
	const auto sink = make_sink(options.format, *output, look);
	Show show(*sink, *output, display_of(options), options.count, { options.dearest, look.netns_name });

	Observation observation(*session);
	SaveReader reader(
		[&session] {
			const auto stats = session->stats();
			return stats ? stats->replacements : 0;
		},
		[&observation](const Netns &netns, uint8_t family, const std::string &table) {
			return observation.observe(netns, family, table);
		});
	NftReader nft_reader;
	TextSources sources(reader, nft_reader);
	RulesetStore store(sources);
	const bool measures = options.measures() && session->measures();
	if (options.measures() && !measures)
		note("iptables_trace.ko is older than this tool and does not measure what rules take: `modprobe -r "
		     "iptables_trace` loads the one that is installed");
	Loop loop(*session, observation, store, show, *output, clock, options, measures);
	auto programs = Programs::load(
		kRingBytes, { .header = keeps_bytes(options.format), .costs = measures },
		[&loop](std::span<const std::byte> record) { return loop.take(record); },
		options.verbose ? [](const char *log) { tell(log); } : std::function<void(const char *)>());
	if (!programs)
		return fail(Exit::not_here, programs.error());

	if (auto status = set_programs(*session, *programs, options); !status)
		return fail(Exit::failed, status.error());
	if (auto status = configure(*session, *filter, *place, *request); !status)
		return fail(exit_of(status.error()), status.error());
	if (auto status = measures ? session->set_costs() : Status(); !status)
		return fail(Exit::failed, status.error());
	if (options.observes())
		observation.begin(programs->matches_fd(), options.explain_budget);
	// The first packet is to be observed too.
	for (const Netns &netns : place->known)
		reader.observe_all(netns);
	catch_stop_signals();
	if (auto status = session->start(); !status)
		return fail(Exit::not_here, status.error());
	// Not before the start: the module counts replacements from then on.
	for (const Netns &netns : place->known) {
		reader.read_all(netns, store);
		nft_reader.read_all(netns, store);
	}
	note(unprobed_note(*session, presence));
	const std::string where = place->in_words(names);
	// An open file would keep a namespace from ending.
	place->known.clear();
	if (options.verbose)
		note(fmt::format("module {}, filter of {} instructions",
				 session->info() ? session->info()->module_version : "?", filter->size()));
	show.start({ "iptables-trace " IPTABLES_EBPF_VERSION, kernel_release(), clock.wall_ns(monotonic_ns()),
		     expression.in_words, where });
	note(fmt::format("tracing {} in {}; Ctrl-C ends it", expression.in_words, where));

	return loop.run(*programs);
}

} // namespace ipt
