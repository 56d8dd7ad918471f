// SPDX-License-Identifier: GPL-2.0-only
// iptables-bpf test: which packets of a capture a rule would match, and why not.
#pragma once

#include <string>

#include "match/code/expression.h"
#include "match/command/console.h"

namespace ipt {

struct TestOptions {
	std::string source; // a pin, an object, bytecode or an expression
	std::string program; // of an object
	std::string pcap;
	Family family = Family::any;
	bool verbose = false;
};

// What a word is; what looks like none of the first three is an expression.
enum class TestSource { pin_or_object, bytecode, expression };
TestSource test_source(const std::string &word);

Outcome test_packets(const TestOptions &options, Console &console);

} // namespace ipt
