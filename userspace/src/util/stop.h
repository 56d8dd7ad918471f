// SPDX-License-Identifier: GPL-2.0-only
#pragma once

namespace ipt {

// SIGINT and SIGTERM ask for an end; the second one does not ask any more, should the output be stuck. A reader of the
// output that goes away shows as a failing write and not as a signal.
void catch_stop_signals();
bool stop_requested();

} // namespace ipt
