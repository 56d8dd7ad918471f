// SPDX-License-Identifier: GPL-2.0-only
// eBPF programs that the kernel holds: by their pin, by their number. The only folder of this tool that knows libbpf.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/fd.h"
#include "util/result.h"

namespace ipt {

// The types that a rule can run; the second one since Linux 6.4, which libbpf 1.1 does not know.
inline constexpr uint32_t kSocketFilter = 1;
inline constexpr uint32_t kNetfilter = 32;

struct Program {
	Fd fd;
	uint32_t id = 0;
	uint32_t type = 0;
	std::string name; // may be empty
	std::string tag; // in hexadecimal
	std::vector<uint32_t> maps; // their numbers
};

// Reasons of errors: ENOENT, nothing is there; EPERM, EACCES, no rights; EINVAL, something else is.
Result<Program> open_pinned_program(const std::string &path);
Result<Program> open_program(uint32_t id);
// "12", or a path.
Result<Program> open_program(const std::string &word);

// What a descriptor of the bpf() system call is: "bpf-prog", "bpf-map", "bpf_link".
std::string object_kind(const Fd &fd);

// "socket_filter"
std::string program_type_name(uint32_t type);
bool can_be_matched(uint32_t type);

// "program 12 (port_set)", "program 12"
std::string program_text(uint32_t id, const std::string &name);
inline std::string program_text(const Program &program)
{
	return program_text(program.id, program.name);
}

} // namespace ipt
