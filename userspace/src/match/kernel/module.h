// SPDX-License-Identifier: GPL-2.0-only
// What xt_ebpf.ko says about the rules of revision 2, and what it does to them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filter/filter.h"
#include "match/kernel/genl.h"

namespace ipt {

// A rule of revision 2 as the kernel has it.
struct KernelRule {
	uint64_t handle = 0;
	std::string table;
	uint8_t family = 0; // NFPROTO_IPV4, NFPROTO_IPV6
	uint16_t source = 0; // XT_EBPF_BYTECODE ...
	uint16_t flags = 0; // XT_EBPF_F_...
	uint32_t references = 0;
	uint64_t since = 0; // seconds of CLOCK_REALTIME
	std::string text;
	Filter instructions; // not of a dump
	std::optional<uint32_t> program_id;
	std::string program_name;
	std::string program_tag; // in hexadecimal; empty: none
	std::optional<uint32_t> program_type; // 0: classic
	std::optional<uint64_t> runs;
	std::optional<uint64_t> matches;
	std::optional<uint64_t> nanoseconds;
};

// Reasons of its errors: ENOENT, no such rule; EPERM, no rights; ENOPROTOOPT, no module that has revision 2.
class XtEbpf {
public:
	// Loads the module if it has to.
	static Result<XtEbpf> open();

	// All rules of the network namespace, or those that run a program.
	Result<std::vector<KernelRule>> rules(std::optional<uint32_t> program_id = {});
	Result<KernelRule> rule(uint64_t handle);

	// Puts a program behind all rules that run another one; how many these are.
	Result<uint32_t> swap(uint32_t program_id, int program);

private:
	explicit XtEbpf(Genl genl) : genl_(std::move(genl)) {}

	Genl genl_;
};

} // namespace ipt
