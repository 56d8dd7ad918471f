#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host_tests.sh units | PATTERN...: builds user space and the tests, and runs on this machine what needs no kernel of
# ours: "units" (the C++ unit tests, and the extension as iptables-translate uses it), or the scripts of HOST_PROGS that
# match a pattern. Prints KTAP and ends with a line that counts cases.

set -euo pipefail
. "$(dirname "$0")/vm/lib.sh"
export TOP_DIR=$top_dir BUILD_DIR=$build_dir

# A folder for each of both, as they may run side by side.
installed=$build_dir/selftests/installed-host
[ "$*" != units ] || installed=$build_dir/selftests/installed-units
build()
{
	rm -rf "$installed"
	make -s -j"$(nproc)" -C "$top_dir" user selftests
	make -s -C "$top_dir" DESTDIR="$installed" install-selftests
} >&2
with_lock "$build_dir/lock" build

if [ "$*" = units ]; then
	exec "$installed/selftests/run_tests.sh" -f units
fi
exec "$installed/selftests/run_tests.sh" -f host-tests "$@"
