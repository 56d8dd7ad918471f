// SPDX-License-Identifier: GPL-2.0-only
// Packets of every kind that a recording can hold, for tests that look at all of them.
#pragma once

#include "make_event.h"
#include "pipeline/packet.h"

namespace ipt::test {

inline Binding sample_rules()
{
	auto tables = parse_save("*filter\n:INPUT DROP [0:0]\n:WEB - [0:0]\n-A INPUT -p tcp -j WEB\n"
				 "-A INPUT -m comment --comment \"semi; \\\"quoted\\\" \xc3\xbc \x01\" -j ACCEPT\n"
				 "-A WEB -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n");
	return { std::make_shared<TableText>(std::move(tables.at("filter"))), {} };
}

inline Traversal walk_of(std::initializer_list<Event> events, Binding rules)
{
	Traversal walk;
	walk.head = head_of(*events.begin());
	walk.rules_text = std::move(rules);
	for (const Event &event : events)
		put(walk, event);
	return walk;
}

inline PacketTrace trace_of(std::vector<Traversal> walks)
{
	PacketTrace trace;
	trace.first = walks.front().head;
	trace.number = trace.first.packet;
	trace.last_time = walks.back().leave ? walks.back().leave->head.time : trace.first.time;
	trace.traversals = std::move(walks);
	return trace;
}

// A TCP segment that meets every kind of rule, with its bytes, and all flags.
inline PacketTrace sample_tcp()
{
	PacketMaker p(1);
	p.head().flags |= IPT_EVENT_USER_TRACE | IPT_EVENT_GUESSED;
	p.head().netns_cookie = 1;
	p.fields().tcp_flags = 0x1ff;
	p.fields().mark = 0xffffffff;
	p.fields().connection = IPT_EVENT_CT_ESTABLISHED;
	p.fields().reply = 1;
	p.fields().ct_status = 0x18e;
	p.fields().ct_mark = 7;
	Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	enter.priority = -300;
	enter.header_len = IPT_EVENT_HEADER_LEN;
	for (size_t i = 0; i < sizeof(enter.header); i++)
		enter.header[i] = static_cast<uint8_t>(i * 3);
	return trace_of({ walk_of({ enter, p.rule("INPUT", 1), p.rule("WEB", 2, IPT_EVENT_KIND_RETURN),
				    p.rule("INPUT", 2), p.rule("INPUT", 3, IPT_EVENT_KIND_POLICY),
				    p.rule("GONE", 9, IPT_EVENT_KIND_OTHER), p.leave(NF_DROP, true) },
				  sample_rules()) });
}

// Sent by a process in a container, of every runtime, and by nobody that is known.
inline PacketTrace sample_owned()
{
	PacketMaker p(6);
	std::vector<Traversal> walks;
	for (const char *runtime : { "docker", "podman", "containerd", "cri-o", "lxc", "nspawn", "" }) {
		Traversal &walk = walks.emplace_back(
			walk_of({ p.enter("raw", NF_INET_LOCAL_OUT), p.leave(NF_ACCEPT) }, { nullptr, "not read" }));
		if (*runtime)
			walk.owner = Owner{ 1000, 4711, 99,	     "curl",
					    true, 4242, "/docker/x", { runtime, std::string(64, 'a'), "web" } };
		else
			walk.owner = Owner{};
	}
	return trace_of(std::move(walks));
}

// An IPv6 fragment that was made by another packet and loses events.
inline PacketTrace sample_fragment()
{
	PacketMaker p(2);
	p.head().family = NFPROTO_IPV6;
	p.head().parent = 1001;
	p.head().parent_packet = 1;
	p.head().flags |= IPT_EVENT_CHILD;
	PacketFields fields{};
	fields.source[0] = fields.destination[0] = 0x20;
	fields.source[15] = 1;
	fields.protocol = IPPROTO_ICMPV6;
	fields.fields = IPT_EVENT_ICMP | IPT_EVENT_ECHO | IPT_EVENT_ID | IPT_EVENT_FRAGMENT | IPT_EVENT_MORE |
			IPT_EVENT_EXTENDED | IPT_EVENT_AH | IPT_EVENT_CUT;
	fields.icmp_type = 128;
	fields.echo_id = 9;
	fields.echo_seq = 65535;
	fields.id = 0xdeadbeef;
	fields.fragment_offset = 1448;
	fields.length = 65575;
	fields.connection = IPT_EVENT_CT_UNTRACKED;
	p.fields() = fields;
	PacketTrace trace = trace_of(
		{ walk_of({ p.enter("filter", NF_INET_LOCAL_OUT), p.leave(NF_ACCEPT) }, { nullptr, "not read" }) });
	trace.traversals.front().gap = true;
	trace.completeness = { .kind = Completeness::Kind::lost, .lost = 2, .perhaps_more = true };
	Origin origin{ 1, Head{}, Rule{} };
	set_name(origin.head->table, "filter");
	origin.head->hook = NF_INET_LOCAL_IN;
	set_name(origin.rule->chain, "WEB");
	origin.chain = "WEB";
	origin.rule->number = 1;
	trace.origin = origin;
	return trace;
}

// Queued, never seen to enter; its later part stands alone.
inline PacketTrace sample_queued()
{
	PacketMaker p(3);
	p.fields() = PacketFields{};
	p.fields().protocol = 253;
	p.fields().connection = IPT_EVENT_CT_RELATED;
	p.lose(1);
	p.head().hook = NF_INET_POST_ROUTING;
	set_name(p.head().table, "mangle");
	PacketTrace trace = trace_of({ walk_of({ p.leave(NF_QUEUE | 3 << 16) }, { nullptr, "not read" }) });
	trace.continued = true;
	trace.completeness = { .kind = Completeness::Kind::unknown, .reason = "of a reason" };
	trace.origin = Origin{ 2, {}, {} };
	return trace;
}

// Made by another packet, through a table whose rules were not read and one whose rules are IPv6's, which keeps it.
inline PacketTrace sample_stolen()
{
	PacketMaker p(4);
	p.head().family = NFPROTO_IPV6;
	p.head().parent = 1001;
	p.head().parent_packet = 1;
	p.head().flags |= IPT_EVENT_CHILD;
	p.fields().connection = IPT_EVENT_CT_NEW;
	p.observe();
	Traversal unread =
		walk_of({ p.enter("mangle", NF_INET_PRE_ROUTING), p.matches({ { .number = 1, .yes = true } }),
			  p.rule("PREROUTING", 1), p.leave(NF_ACCEPT) },
			{ nullptr, "not read" });
	unread.gap = true;
	const Enter enter = p.enter("filter", NF_INET_FORWARD);
	const Rule rule = p.rule("WEB", 1);
	p.head().flags |= IPT_EVENT_STOLEN;
	PacketTrace trace = trace_of({ unread, walk_of({ enter, rule, p.leave(NF_STOLEN, true) }, sample_rules()) });
	trace.origin = Origin{ 1, {}, {} };
	return trace;
}

// A way that can be followed from rule to rule, past two that do not match.
inline PacketTrace sample_explained()
{
	auto tables = parse_save("*filter\n:INPUT DROP [0:0]\n:WEB - [0:0]\n-A INPUT -p tcp -j WEB\n"
				 "-A WEB -s 10.0.0.0/8 -p udp -j ACCEPT\n"
				 "-A WEB -m owner --uid-owner 1 -m limit --limit 1/sec\n-A WEB -j DROP\nCOMMIT\n");
	const Binding rules{ std::make_shared<TableText>(std::move(tables.at("filter"))), {} };
	PacketMaker p(5);
	return trace_of({ walk_of(
		{ p.enter("filter", NF_INET_LOCAL_IN), p.rule("INPUT", 1), p.rule("WEB", 3), p.leave(NF_DROP, true) },
		rules) });
}

// The same with what its matches said: a program of a rule that matched, and a rule that dropped the packet by itself.
inline PacketTrace sample_observed()
{
	auto tables = parse_save("*filter\n:INPUT ACCEPT [0:0]\n"
				 "-A INPUT -m bpf --object-pinned /sys/fs/bpf/a -m limit --limit 1/sec -j DROP\n"
				 "-A INPUT -m bpf --object-pinned /sys/fs/bpf/b -j LOG\n"
				 "-A INPUT -s 10.0.0.0/8 -j DROP\n"
				 "-A INPUT -p tcp -m tcp --tcp-option 5 -j DROP\nCOMMIT\n");
	const Binding rules{ std::make_shared<TableText>(std::move(tables.at("filter"))), {} };
	PacketMaker p(6);
	p.head().netns_cookie = 1;
	p.observe();
	const Enter enter = p.enter("filter", NF_INET_LOCAL_IN);
	const Matches first =
		p.matches({ { .number = 1, .yes = true, .duration = 300, .program = 12, .program_name = "port_set" },
			    { .number = 1, .index = 1, .duration = 100 } });
	const Matches second = p.matches_from({ 2, 0, 0, 0, 0xab, 1 },
					      { { .number = 2, .yes = true, .duration = 0xffffffff, .program = 13 } });
	const Rule rule = p.rule("INPUT", 2);
	const Matches last = p.matches({ { .number = 4, .hotdrop = true, .duration = 50 } });
	return trace_of({ walk_of({ enter, first, second, rule, last, p.leave(NF_DROP, true) }, rules) });
}

// The same with a ! in front of the first program, and a limit that says no before the packet is dropped.
inline PacketTrace sample_refused()
{
	PacketTrace trace = sample_observed();
	Traversal &walk = trace.traversals[0];
	TableText table = *walk.rules_text.text;
	std::vector<RuleText> &rules = table.chains["INPUT"].rules;
	rules[0] = parse_rule("-A INPUT -m bpf ! --object-pinned /sys/fs/bpf/a -m limit --limit 1/sec -j DROP");
	rules[2] = parse_rule("-A INPUT -m limit --limit 1/sec -j DROP");
	walk.rules_text.text = std::make_shared<TableText>(std::move(table));
	walk.matches[2].match.insert(walk.matches[2].match.begin(), { .number = 3 });
	return trace;
}

// A way of which it is known what it took, in each of its parts; 1500 ns with tracing.
inline PacketTrace sample_timed()
{
	PacketMaker p(8);
	return trace_of({ walk_of({ p.enter("filter", NF_INET_LOCAL_IN), p.timed(p.rule("INPUT", 1), 100),
				    p.timed(p.rule("WEB", 1), 900), p.timed(p.leave(NF_DROP, true), 1050) },
				  sample_rules()) });
}

// The same rules as nf_tables has them, as iptables-nft-save prints them: INPUT has handle 1, WEB 2, their rules 10 and on.
inline Binding sample_nft_rules()
{
	auto tables = parse_save("*filter\n:INPUT DROP [0:0]\n:WEB - [0:0]\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n"
				 "-A INPUT -p tcp -j WEB\n-A INPUT -j LOG\n"
				 "-A WEB -m mark --mark 0x7 -j RETURN\n"
				 "-A WEB -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n");
	TableText text = std::move(tables.at("filter"));
	uint64_t handle = 1, rule_handle = 10;
	for (auto &[name, chain] : text.chains) {
		chain.handle = handle++;
		for (RuleText &rule : chain.rules) {
			rule.handle = rule_handle++;
			rule.asked_matches.emplace(rule.conditions.matches.size(), 0);
		}
	}
	text.index();
	return { std::make_shared<TableText>(std::move(text)), {} };
}

// A table of nft's own: chain input has handle 1, its rules 4, 5 and 7; chain ssh 2 and 6.
inline Binding sample_native_rules()
{
	TableText text;
	text.is_nft = true;
	const auto rule = [](const char *words, uint64_t handle) {
		RuleText text_of_rule = parse_nft_rule(words);
		text_of_rule.handle = handle;
		return text_of_rule;
	};
	text.chains["input"] = { "drop",
				 { rule("ct state established accept", 4), rule("tcp dport vmap @ports", 5),
				   rule("reject with tcp reset", 7) },
				 1 };
	name_xt_matches(text.chains["input"].rules[0], { "conntrack" });
	text.chains["ssh"] = { "-", { rule("ip saddr @known accept comment \"a reject\"", 6) }, 2 };
	text.index();
	return { std::make_shared<TableText>(std::move(text)), {} };
}

// Through tables of nf_tables of each family, with every verdict, and of more than one generation.
inline PacketTrace sample_nft()
{
	PacketMaker p(7);
	p.head().netns_cookie = 1;
	p.head().ruleset = 41;
	const Enter owned = p.enter_nft(IPT_EVENT_NFT_IPV4, "filter", NF_INET_LOCAL_IN, "INPUT", 1);
	const auto numbered = [](Rule rule, uint32_t number) {
		rule.number = number;
		return rule;
	};
	Traversal first =
		walk_of({ owned, numbered(p.rule_nft("INPUT", 11, IPT_EVENT_NFT_JUMP), 2),
			  numbered(p.rule_nft("WEB", 2, IPT_EVENT_NFT_CONTINUE, IPT_EVENT_KIND_RETURN), 3),
			  numbered(p.rule_nft("INPUT", 12, IPT_EVENT_NFT_CONTINUE), 3),
			  numbered(p.rule_nft("INPUT", 1, NF_ACCEPT, IPT_EVENT_KIND_POLICY), 4), p.leave(NF_ACCEPT) },
			sample_nft_rules());
	p.head().ruleset = 42;
	const Enter again = p.enter_nft(IPT_EVENT_NFT_IPV4, "filter", NF_INET_LOCAL_IN, "INPUT", 1);
	Enter observed = again;
	observed.head.flags |= IPT_EVENT_OBSERVED;
	Traversal second = walk_of({ observed, p.matches({ { .number = 3, .hotdrop = true } }), p.leave(NF_DROP) },
				   first.rules_text);
	p.head().flags |= IPT_EVENT_TABLE_CUT | IPT_EVENT_CHAIN_CUT;
	const Enter native = p.enter_nft(IPT_EVENT_NFT_INET, "web", NF_INET_LOCAL_IN, "input", 1);
	p.observe();
	Traversal third =
		walk_of({ native, p.matches({ { .number = 1, .yes = true } }),
			  numbered(p.rule_nft("input", 5, IPT_EVENT_NFT_GOTO), 2),
			  p.rule_nft("ssh", 99, IPT_EVENT_NFT_RETURN), p.rule_nft("ssh", 98, 3 << 16 | NF_QUEUE),
			  numbered(p.rule_nft("ssh", 6, NF_DROP), 1), p.leave(NF_QUEUE) },
			sample_native_rules());
	p.head().flags = IPT_EVENT_UNTOLD;
	std::vector<Traversal> walks{ first, second, third };
	for (const uint8_t family : { IPT_EVENT_NFT_BRIDGE, IPT_EVENT_NFT_IPV6 }) {
		const Enter enter = p.enter_nft(family, "x", NF_INET_FORWARD, "y", 3);
		walks.push_back(
			walk_of({ enter, p.rule_nft("y", 8, NF_STOLEN), p.leave(NF_DROP) }, { nullptr, "not read" }));
	}
	PacketTrace trace = trace_of(std::move(walks));
	Origin origin{ 1, Head{}, Rule{}, "input" };
	set_name(origin.head->table, "web");
	origin.head->nft_family = IPT_EVENT_NFT_INET;
	origin.head->hook = NF_INET_LOCAL_IN;
	set_name(origin.rule->chain, "ssh");
	origin.chain = "ssh";
	origin.rule->handle = 6;
	origin.rule->head.nft_family = IPT_EVENT_NFT_INET;
	trace.origin = origin;
	return trace;
}

// Who has 192.0.2.2? Through base chains of the family arp, and one of another kind of hardware, of which not all was there.
inline PacketTrace sample_arp()
{
	PacketMaker p(9);
	p.head().family = NFPROTO_ARP;
	p.fields() = who_has();
	p.fields().mark = 7;
	const Enter enter = p.enter_nft(IPT_EVENT_NFT_ARP, "filter", NF_INET_LOCAL_IN, "INPUT", 1);
	Traversal first =
		walk_of({ enter, p.rule_nft("INPUT", 4, NF_ACCEPT), p.leave(NF_ACCEPT) }, { nullptr, "not read" });
	p.fields() = {};
	set_arp(p.fields(), { 8, 32, 0x0800, 20, 4 });
	p.fields().fields = IPT_EVENT_CUT;
	p.fields().length = 56;
	const Enter other = p.enter_nft(IPT_EVENT_NFT_ARP, "filter", NF_INET_LOCAL_OUT, "OUTPUT", 2);
	return trace_of({ first, walk_of({ other, p.leave(NF_DROP, true) }, { nullptr, "not read" }) });
}

// Of which only the first table was wanted; it was rejected in another namespace.
inline PacketTrace sample_cut()
{
	PacketMaker p(10);
	PacketTrace trace = trace_of(
		{ walk_of({ p.enter("raw", NF_INET_PRE_ROUTING), p.leave(NF_ACCEPT) }, { nullptr, "not read" }) });
	Outcome &outcome = trace.outcome.emplace();
	outcome.head.netns = trace.first.netns + 1;
	outcome.head.netns_cookie = 2;
	outcome.head.nft_family = IPT_EVENT_NFT_INET;
	outcome.head.hook = NF_INET_LOCAL_IN;
	outcome.head.flags = IPT_EVENT_TABLE_CUT;
	set_name(outcome.head.table, "web");
	outcome.first_chain = "input";
	outcome.verdict = NF_DROP;
	outcome.rejected = true;
	return trace;
}

inline std::vector<PacketTrace> samples()
{
	return { sample_tcp(),	    sample_fragment(), sample_queued(), sample_stolen(), sample_owned(),
		 sample_observed(), sample_nft(),      sample_timed(),	sample_arp(),	 sample_cut() };
}

} // namespace ipt::test
