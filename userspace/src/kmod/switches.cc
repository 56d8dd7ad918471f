// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/switches.h"

#include <fmt/core.h>
#include <fstream>

namespace ipt {

namespace {

constexpr const char *kKprobes = "/sys/kernel/debug/kprobes/enabled";
constexpr const char *kFtrace = "/proc/sys/kernel/ftrace_enabled";

bool is_off(const char *path)
{
	std::ifstream file(path);
	char value = 0;
	return file.get(value) && value == '0';
}

} // namespace

std::string probes_switch()
{
	if (is_off(kKprobes))
		return fmt::format("{0} is 0 (`echo 1 >{0}` switches them on)", kKprobes);
	if (is_off(kFtrace))
		return "kernel.ftrace_enabled is 0 (`sysctl kernel.ftrace_enabled=1` switches them on)";
	return {};
}

} // namespace ipt
