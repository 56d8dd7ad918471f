// SPDX-License-Identifier: GPL-2.0-only
#include "util/stop.h"

#include <csignal>

namespace ipt {

namespace {

volatile sig_atomic_t stop;

} // namespace

void catch_stop_signals()
{
	struct sigaction action {};
	action.sa_handler = [](int) { stop = 1; };
	action.sa_flags = SA_RESETHAND;
	sigaction(SIGINT, &action, nullptr);
	sigaction(SIGTERM, &action, nullptr);
	signal(SIGPIPE, SIG_IGN);
}

bool stop_requested()
{
	return stop;
}

} // namespace ipt
