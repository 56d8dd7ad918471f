// SPDX-License-Identifier: GPL-2.0-only
// What a command writes, and what it ends with.
#pragma once

#include <cerrno>
#include <fmt/core.h>
#include <string>
#include <unistd.h>

#include "util/output.h"
#include "util/printable.h"
#include "util/result.h"

namespace ipt {

// What the process ends with; man page and --help list them.
enum class Outcome : int {
	done = 0,
	failed = 1, // it could not be done; nothing was changed, unless a message says so
	usage = 2, // options or arguments
	not_here = 3, // this host, or this user, cannot: no module, no rights
	not_all = 4, // the answer is no, or not all of it could be done
};

struct Console {
	Output out{ STDOUT_FILENO };
	Output err{ STDERR_FILENO };

	void say(const std::string &line) { out.write(line + "\n"); }
	void warn(const std::string &line) { err.write("iptables-bpf: warning: " + printable(line) + "\n"); }
	Outcome fail(const Error &error)
	{
		err.write("iptables-bpf: " + printable(error.message) + "\n");
		const bool elsewhere = error.reason == EPERM || error.reason == EACCES || error.reason == ENOPROTOOPT;
		return elsewhere ? Outcome::not_here : Outcome::failed;
	}
};

} // namespace ipt
