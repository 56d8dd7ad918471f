// SPDX-License-Identifier: GPL-2.0-only
#include "util/command.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/wait.h>

#include "util/fd.h"

namespace ipt {

namespace {

struct Pipe {
	Fd read;
	Fd write;
};

bool make_pipe(Pipe &pipe)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC))
		return false;
	pipe.read = Fd(fds[0]);
	pipe.write = Fd(fds[1]);
	return true;
}

// In the child, which is the copy of a process with a single thread: becomes the program.
[[noreturn]] void become(char *const *argv, int in, int out, int err)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	// The terminal's Ctrl-C means the tool, which will want this program's answer for its last packets.
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	// Not every root has them in PATH.
	const char *path = getenv("PATH");
	setenv("PATH", fmt::format("{}:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin").c_str(), 1);
	execvp(argv[0], argv);
	_exit(127);
}

// Both ends at once: a program that fills one while nobody reads it would wait for ever.
void read_both(int out, int err, CommandOutput &output)
{
	pollfd fds[2] = { { out, POLLIN, 0 }, { err, POLLIN, 0 } };
	std::string *to[2] = { &output.out, &output.err };
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		for (int i = 0; i < 2; i++) {
			char buffer[65536];
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			const ssize_t n = read(fds[i].fd, buffer, sizeof(buffer));
			if (n > 0)
				to[i]->append(buffer, static_cast<size_t>(n));
			else if (n == 0 || errno != EINTR)
				fds[i].fd = -1;
		}
	}
}

} // namespace

Result<CommandOutput> run_command(const std::vector<std::string> &words)
{
	std::vector<char *> argv;
	argv.reserve(words.size() + 1);
	for (const std::string &word : words)
		argv.push_back(const_cast<char *>(word.c_str()));
	argv.push_back(nullptr);

	Pipe out;
	Pipe err;
	const Fd in(open("/dev/null", O_RDONLY | O_CLOEXEC));
	if (!in || !make_pipe(out) || !make_pipe(err))
		return Error{ fmt::format("cannot run {}: {}", words[0], std::strerror(errno)) };
	const pid_t pid = fork();
	if (pid < 0)
		return Error{ fmt::format("cannot run {}: {}", words[0], std::strerror(errno)) };
	if (pid == 0)
		become(argv.data(), in.get(), out.write.get(), err.write.get());
	out.write = Fd();
	err.write = Fd();

	CommandOutput output{};
	read_both(out.read.get(), err.read.get(), output);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return output;
}

} // namespace ipt
