// SPDX-License-Identifier: GPL-2.0-only
#include "match/boot/modules.h"

#include <cstdio>
#include <filesystem>
#include <fmt/core.h>
#include <fstream>
#include <sys/utsname.h>

#include "util/command.h"

namespace ipt {

namespace {

// The line of an index of modules that names the file NAME.ko, packed or not, up to its colon.
std::string listed(const std::string &index, const std::string &name)
{
	std::ifstream file(index);
	for (std::string line; std::getline(file, line);) {
		const std::string path = line.substr(0, line.find(':'));
		const std::string base = path.substr(path.rfind('/') + 1);
		if (base.starts_with(name + ".ko"))
			return path;
	}
	return {};
}

// The release that a module was built for; empty if nobody can tell.
std::string built_for(const std::string &file)
{
	const auto said = run_command({ "modinfo", "-F", "vermagic", file });
	return said && said->status == 0 ? said->out.substr(0, said->out.find_first_of(" \n")) : "";
}

} // namespace

std::string running_release()
{
	utsname name{};
	uname(&name);
	return name.release;
}

Result<KernelFiles> find_kernel(const std::string &release)
{
	KernelFiles kernel{ release, "/lib/modules/" + release };
	std::error_code ignored;
	if (release.empty() || release.find('/') != std::string::npos ||
	    !std::filesystem::is_directory(kernel.folder, ignored))
		return Error{ fmt::format("no kernel {} is installed: there is no {}", release, kernel.folder) };
	return kernel;
}

Result<std::string> find_module(const KernelFiles &kernel, const std::string &name)
{
	if (!listed(kernel.folder + "/modules.builtin", name).empty())
		return std::string();
	std::string path = listed(kernel.folder + "/modules.dep", name);
	if (path.empty())
		return Error{ fmt::format("{}.ko is not installed for kernel {}", name, kernel.release) };
	if (!path.starts_with('/'))
		path = kernel.folder + "/" + path;
	if (!std::filesystem::exists(path))
		return Error{ fmt::format("{} is missing, though modules.dep names it: run depmod {}", path,
					  kernel.release) };
	const std::string release = built_for(path);
	if (!release.empty() && release != kernel.release)
		return Error{ fmt::format("{} was built for kernel {}, not for {}", path, release, kernel.release) };
	return path;
}

bool older_than(const std::string &release, int major, int minor)
{
	int have_major = 0;
	int have_minor = 0;
	if (std::sscanf(release.c_str(), "%d.%d", &have_major, &have_minor) != 2)
		return false;
	return have_major < major || (have_major == major && have_minor < minor);
}

} // namespace ipt
