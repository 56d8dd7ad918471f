// SPDX-License-Identifier: GPL-2.0-only
#include "util/nfnetlink.h"

#include <cerrno>
#include <linux/netlink.h>
#include <memory>
#include <vector>

namespace ipt {

namespace {

constexpr size_t kBuffer = 1U << 17;
constexpr uint32_t kSequence = 1;

} // namespace

int ask_nfnetlink(const std::function<const nlmsghdr *(char *room, uint32_t sequence)> &build, mnl_cb_t each,
		  void *data)
{
	const std::unique_ptr<mnl_socket, int (*)(mnl_socket *)> socket(
		mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC), mnl_socket_close);
	if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
		return errno;
	std::vector<char> buffer(kBuffer);
	const nlmsghdr *request = build(buffer.data(), kSequence);
	if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0)
		return errno;
	const unsigned int port = mnl_socket_get_portid(socket.get());
	for (;;) {
		const ssize_t size = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
		if (size < 0)
			return errno;
		const int more = mnl_cb_run(buffer.data(), static_cast<size_t>(size), kSequence, port, each, data);
		if (more < 0)
			return errno;
		if (more == MNL_CB_STOP)
			return 0;
	}
}

} // namespace ipt
