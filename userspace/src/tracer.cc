// SPDX-License-Identifier: GPL-2.0-only
#include "tracer.h"

#include <fmt/core.h>
#include <sys/utsname.h>

#include "bpf/programs.h"
#include "filter/filter.h"
#include "kmod/session.h"
#include "loop.h"
#include "netns/netns.h"
#include "output_of.h"
#include "ruleset/presence.h"
#include "ruleset/reader.h"
#include "sink/show.h"
#include "util/stop.h"

namespace ipt {

namespace {

constexpr size_t kRingBytes = 4 << 20;

// Without an expression the trace leaves out the connection that shows it, or each line of it would make the next.
struct Selection {
	FilterRequest request;
	std::string in_words;
};

Selection select(const Options &options)
{
	Selection selection{ { options.expression, options.ipv4, options.ipv6 }, {} };
	if (!options.expression.empty()) {
		selection.in_words = fmt::format("'{}'", options.expression);
		return selection;
	}
	selection.in_words = "all packets";
	const std::string ssh = find_ssh_connection();
	if (const auto rest = without_ssh(ssh)) {
		selection.request.expression = *rest;
		selection.in_words += fmt::format(" but those of your ssh connection ({})", ssh);
	}
	return selection;
}

// Where to look for packets: one namespace, or all.
struct Place {
	bool everywhere = false;
	std::vector<Netns> known; // the one, or those whose rules can be read ahead
};

Result<Place> find_place(const std::string &word)
{
	Place place;
	if (word == "all") {
		place.everywhere = true;
		place.known = known_netns();
		return place;
	}
	auto netns = open_netns(word);
	if (!netns)
		return netns.error();
	place.known.push_back(std::move(*netns));
	return place;
}

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

Status configure(const Session &session, const Programs &programs, const Filter &filter, const Place &place)
{
	if (auto status = session.set_programs(programs.enter_fd(), programs.rule_fd(), programs.leave_fd()); !status)
		return status;
	if (auto status = session.set_filter(filter.data(), static_cast<unsigned>(filter.size()), true); !status)
		return status;
	return session.set_netns(place.everywhere ? -1 : place.known.front().fd.get());
}

} // namespace

Exit trace(const Options &options)
{
	const Selection selection = select(options);
	const auto filter = compile(selection.request);
	if (!filter)
		return fail(Exit::usage, filter.error());
	const auto session = Session::open();
	if (!session)
		return fail(Exit::not_here, session.error());
	auto place = find_place(options.netns);
	if (!place)
		return fail(Exit::usage, place.error());
	const Presence presence = look_for_rules(place->known, options.ipv4, options.ipv6);
	if (const std::string nothing = presence_error(presence, place->everywhere); !nothing.empty())
		return fail(Exit::not_here, { nothing });
	note(presence_note(presence));

	auto output = open_output(options);
	if (!output)
		return fail(Exit::failed, output.error());
	WallClock clock;
	NetnsNames names;
	const Look look = look_of(options, *output, clock,
				  [&names](const Head &head) { return names(head.netns, head.netns_cookie); });
	const auto sink = make_sink(options.format, *output, look);
	Show show(*sink, *output, display_of(options), options.count);

	SaveReader reader([&session] {
		const auto stats = session->stats();
		return stats ? stats->replacements : 0;
	});
	RulesetStore store(reader);
	Loop loop(*session, store, show, *output, clock, options);
	auto programs = Programs::load(
		kRingBytes, keeps_bytes(options.format),
		[&loop](std::span<const std::byte> record) { loop.take(record); },
		options.verbose ? [](const char *log) { fmt::print(stderr, "{}", log); } :
				  std::function<void(const char *)>());
	if (!programs)
		return fail(Exit::not_here, programs.error());

	if (auto status = configure(*session, *programs, *filter, *place); !status)
		return fail(Exit::failed, status.error());
	catch_stop_signals();
	if (auto status = session->start(); !status)
		return fail(Exit::not_here, status.error());
	// Not before the start: the module counts replacements from then on.
	for (const Netns &netns : place->known)
		reader.read_all(netns, store);
	const std::string where =
		place->everywhere ? "all network namespaces" : "netns " + names(place->known.front().inode);
	// An open file would keep a namespace from ending.
	place->known.clear();
	if (options.verbose)
		note(fmt::format("module {}, filter of {} instructions",
				 session->info() ? session->info()->module_version : "?", filter->size()));
	show.start({ "iptables-trace " IPTABLES_EBPF_VERSION, kernel_release(), clock.wall_ns(monotonic_ns()),
		     selection.in_words, where });
	note(fmt::format("tracing {} in {}; Ctrl-C ends it", selection.in_words, where));

	return loop.run(*programs);
}

} // namespace ipt
