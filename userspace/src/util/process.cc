// SPDX-License-Identifier: GPL-2.0-only
#include "util/process.h"

#include <fstream>

#include "util/printable.h"

namespace ipt {

std::string process_name(const std::string &pid)
{
	std::ifstream file("/proc/" + pid + "/comm");
	std::string name;
	std::getline(file, name);
	return printable(name);
}

} // namespace ipt
