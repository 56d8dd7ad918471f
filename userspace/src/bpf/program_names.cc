// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/program_names.h"

#include <bpf/bpf.h>
#include <cstring>

#include "util/fd.h"
#include "util/printable.h"

namespace ipt {

namespace {

// Programs that are exchanged all the time must not fill memory.
constexpr size_t kKept = 4096;

std::string name_of_program(uint32_t id)
{
	const Fd program(bpf_prog_get_fd_by_id(id));
	bpf_prog_info info{};
	__u32 size = sizeof(info);
	if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &size))
		return {};
	return printable({ info.name, strnlen(info.name, sizeof(info.name)) });
}

} // namespace

const std::string &ProgramNames::operator()(uint32_t id)
{
	if (const auto known = names_.find(id); known != names_.end())
		return known->second;
	if (names_.size() >= kKept)
		names_.clear();
	return names_[id] = id ? name_of_program(id) : "";
}

} // namespace ipt
