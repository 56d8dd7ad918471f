// SPDX-License-Identifier: GPL-2.0-only
// Runs an eBPF program on a packet that nobody sent, by BPF_PROG_TEST_RUN.
#pragma once

#include <cstdint>
#include <span>

#include "match/bpf/program.h"

namespace ipt {

// What it returned; packet: from the IP header on. The error says why the kernel did not run it.
Result<uint32_t> run_program(int program, uint32_t type, std::span<const uint8_t> packet);

} // namespace ipt
