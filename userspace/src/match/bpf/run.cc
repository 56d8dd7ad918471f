// SPDX-License-Identifier: GPL-2.0-only
#include "match/bpf/run.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <linux/netfilter.h>
#include <net/ethernet.h>

namespace ipt {

namespace {

// The kernel wants a frame, and takes its header away again before the program sees it.
std::vector<uint8_t> framed(std::span<const uint8_t> packet, bool ipv6)
{
	std::vector<uint8_t> frame(ETHER_HDR_LEN);
	const uint16_t type = ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP;
	frame[12] = static_cast<uint8_t>(type >> 8);
	frame[13] = static_cast<uint8_t>(type & 0xff);
	frame.insert(frame.end(), packet.begin(), packet.end());
	return frame;
}

// The first bytes of struct nf_hook_state, of which the kernel reads hook and family.
struct HookState {
	uint8_t hook;
	uint8_t family;
	uint8_t unused[sizeof(void *) * 6 - 2];
};

} // namespace

Result<uint32_t> run_program(int program, uint32_t type, std::span<const uint8_t> packet)
{
	const bool ipv6 = !packet.empty() && packet[0] >> 4 == 6;
	const std::vector<uint8_t> frame = framed(packet, ipv6);
	const HookState state{ NF_INET_LOCAL_IN, static_cast<uint8_t>(ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4), {} };
	LIBBPF_OPTS(bpf_test_run_opts, options);
	options.data_in = frame.data();
	options.data_size_in = static_cast<uint32_t>(frame.size());
	options.repeat = 1;
	if (type == kNetfilter) {
		options.ctx_in = &state;
		options.ctx_size_in = sizeof(state);
	}
	if (bpf_prog_test_run_opts(program, &options)) {
		const bool rights = errno == EPERM || errno == EACCES;
		return Error{ fmt::format("the kernel does not run it on the packet: {}{}", std::strerror(errno),
					  rights ? "; eBPF is run by root only: try sudo" : ""),
			      errno };
	}
	return options.retval;
}

} // namespace ipt
