// SPDX-License-Identifier: GPL-2.0-only
// throughput FORMAT|explain|none|explain-none EVENTS [FILE]: sends that many events, of packets as a router sees them, through
// all that the tool does with them, from the bytes of the ring buffer to the text of a format, which goes to FILE or /dev/null.
// Prints how many events there were and the most memory that was in use, in KiB. "explain" is the tree with --explain; "none"
// only makes the packets, "explain-none" those of "explain".
#include <cstdlib>
#include <fcntl.h>
#include <fmt/core.h>
#include <string>
#include <sys/resource.h>

#include "../tests/make_walk.h"
#include "output_of.h"
#include "pipeline/correlator.h"
#include "sink/show.h"
#include "util/output.h"

namespace ipt::bench {

namespace {

using test::PacketMaker;

constexpr const char *kRules = R"(*raw
:PREROUTING ACCEPT [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d 10.0.1.1/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.2.2:80
-A POSTROUTING -o wan -j MASQUERADE
COMMIT
*filter
:FORWARD DROP [0:0]
:LAN - [0:0]
:PORTS - [0:0]
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan -g LAN
-A LAN -m bpf --object-pinned /sys/fs/bpf/demo/port_set -m comment --comment "closed ports" -j DROP
-A LAN -p tcp -j PORTS
-A PORTS -p tcp -m multiport --dports 80,443 -j ACCEPT
COMMIT
)";

struct Text : TextSource {
	Result<Snapshot> read(const TableKey &key) override
	{
		return Snapshot{ std::make_shared<TableText>(parse_save(kRules).at(key.table)), 0 };
	}
};

// Records of the ring buffer, and how many events are in them.
struct Records {
	std::vector<std::vector<std::byte>> records;
	uint64_t events = 0;
};

// Makes the records of walks: one for each, or with --explain, as what matches say comes in between, one for each event.
class WalkMaker {
public:
	explicit WalkMaker(bool explain) : explain_(explain) {}

	void add(Enter event)
	{
		event.header_len = 40;
		const auto header = test::header_of(event.packet);
		std::copy(header.begin(), header.end(), event.header);
		enter_ = event;
		take(event);
	}

	void add(const Rule &event)
	{
		rules_.push_back(event);
		take(event);
	}

	void add(const Leave &event)
	{
		take(event);
		if (!explain_)
			made_.records.push_back(test::walk_record(enter_, rules_, event).bytes());
		rules_.clear();
	}

	Records made() { return std::move(made_); }

private:
	template <typename T>
	void take(const T &event)
	{
		made_.events++;
		if (explain_)
			made_.records.push_back(test::bytes_of(event));
	}

	bool explain_;
	Records made_;
	Enter enter_{};
	std::vector<Rule> rules_;
};

// One packet: accepted behind NAT, dropped by a rule, or of a known connection, in turn.
Records records_of(uint64_t number, uint64_t time, bool explain)
{
	PacketMaker p(number, time);
	WalkMaker walks(explain);
	const auto add = [&walks](const auto &event) { walks.add(event); };
	const auto enter = [&](const char *table, uint8_t hook) { add(p.enter(table, hook)); };
	p.fields().source_port = static_cast<uint16_t>(number);
	enter("raw", NF_INET_PRE_ROUTING);
	add(p.rule("PREROUTING", 1, IPT_EVENT_KIND_POLICY));
	add(p.leave(NF_ACCEPT));
	const bool known = number % 3 == 0;
	const bool dropped = number % 3 == 1;
	p.fields().connection = known ? IPT_EVENT_CT_ESTABLISHED : IPT_EVENT_CT_NEW;
	if (!known) {
		enter("nat", NF_INET_PRE_ROUTING);
		add(p.rule("PREROUTING", 1));
		p.fields().destination[2] = 2;
		p.fields().destination_port = 80;
		add(p.leave(NF_ACCEPT));
	}
	enter("filter", NF_INET_FORWARD);
	if (known) {
		add(p.rule("FORWARD", 2));
		add(p.leave(NF_ACCEPT));
		return walks.made();
	}
	add(p.rule("FORWARD", 3));
	if (dropped) {
		add(p.rule("LAN", 1));
		add(p.leave(NF_DROP, true));
		return walks.made();
	}
	add(p.rule("LAN", 2));
	add(p.rule("PORTS", 1));
	add(p.leave(NF_ACCEPT));
	enter("nat", NF_INET_POST_ROUTING);
	add(p.rule("POSTROUTING", 1));
	add(p.leave(NF_ACCEPT));
	return walks.made();
}

// How long between two packets, and how many events are taken at a time.
constexpr uint64_t kGap = 10'000;
constexpr size_t kBatch = 1000;

class Run {
public:
	Run(Format format, bool explain, Output &output)
		: output_(output), look_{ .clock = clock_,
					  .netns_name = [](const Head &) { return "router"; },
					  .explain = explain },
		  sink_(make_sink(format, output, look_)),
		  show_(*sink_, output, { .explain = explain }, 0, Costs(0, look_.netns_name))
	{
		show_.start({ "iptables-trace", "6.12.0", 0, "all packets", "netns router" });
	}

	// Packets until there were that many events.
	uint64_t send(uint64_t most)
	{
		// As the tool's own, it keeps its memory.
		std::vector<Event> events;
		while (events_ < most) {
			number_++;
			for (const auto &record : records_of(number_, number_ * kGap, look_.explain).records) {
				events.clear();
				(void)unpack(record, events);
				for (const Event &event : events)
					show_.event(event, correlator_.add(event));
				events_ += events.size();
			}
			if (events_ % kBatch < 15)
				correlator_.settle(number_ * kGap, {});
		}
		correlator_.finish({});
		const Summary summary{ show_.shown(), events_, {} };
		show_.end(&summary);
		output_.flush();
		return events_;
	}

private:
	Output &output_;
	WallClock clock_{ 0 };
	Look look_;
	Text text_;
	RulesetStore store_{ text_ };
	std::unique_ptr<Sink> sink_;
	Show show_;
	Correlator correlator_{ store_, [this](PacketTrace &&trace) { show_.packet(std::move(trace)); } };
	uint64_t number_ = 0;
	uint64_t events_ = 0;
};

Format format_of(const std::string &name)
{
	return name == "line"	? Format::line :
	       name == "json"	? Format::json :
	       name == "pcapng" ? Format::pcapng :
	       name == "folded" ? Format::folded :
				  Format::tree;
}

} // namespace

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 4) {
		fmt::print(stderr, "usage: throughput FORMAT|explain|none|explain-none EVENTS [FILE]\n");
		return 2;
	}
	const uint64_t most = std::strtoull(argv[2], nullptr, 10);
	const bool explain = std::string(argv[1]).starts_with("explain");
	if (std::string(argv[1]).ends_with("none")) {
		uint64_t events = 0;
		for (uint64_t number = 1; events < most; number++)
			events += records_of(number, number * kGap, explain).events;
		fmt::print("{} 0\n", events);
		return 0;
	}
	auto output = Output::open(argc == 4 ? argv[3] : "/dev/null");
	if (!output)
		return 1;
	Run run(format_of(argv[1]), explain, *output);
	const uint64_t events = run.send(most);
	rusage usage{};
	getrusage(RUSAGE_SELF, &usage);
	fmt::print("{} {}\n", events, usage.ru_maxrss);
	return 0;
}

} // namespace ipt::bench

int main(int argc, char **argv)
{
	return ipt::bench::main(argc, argv);
}
