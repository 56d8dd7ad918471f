// SPDX-License-Identifier: GPL-2.0-only
// A generic netlink socket that speaks to one family. The only folder that knows how to reach the module.
#pragma once

#include <cstdint>
#include <functional>
#include <libmnl/libmnl.h>
#include <memory>
#include <string>
#include <vector>

#include "util/result.h"

namespace ipt {

// What became of a request: error is 0 or an errno, and said what the kernel says about it, which may be nothing.
struct GenlOutcome {
	int error = 0;
	std::string said;
	bool interrupted = false; // a dump whose objects changed meanwhile

	explicit operator bool() const { return error == 0; }
	// The kernel's words, or those of the errno.
	std::string text() const;
};

// Calls each with the attributes of a message that stand behind offset bytes of its payload.
template <typename Each>
void each_attribute(const nlmsghdr *message, size_t offset, const Each &each)
{
	const auto *end = static_cast<const char *>(mnl_nlmsg_get_payload_tail(message));
	const auto *at = static_cast<const nlattr *>(mnl_nlmsg_get_payload_offset(message, offset));
	for (; mnl_attr_ok(at, static_cast<int>(end - reinterpret_cast<const char *>(at))); at = mnl_attr_next(at))
		each(at);
}

class Genl {
public:
	using Fill = std::function<void(nlmsghdr *)>;
	using Each = std::function<void(const nlmsghdr *)>;

	// The error's reason is ENOENT where the kernel has no such family.
	static Result<Genl> open(const char *family);

	// One request and all of its answers. flags: NLM_F_DUMP, or 0.
	GenlOutcome ask(uint8_t command, uint16_t flags, const Fill &fill, const Each &each);

private:
	struct Close {
		void operator()(mnl_socket *socket) const { mnl_socket_close(socket); }
	};

	explicit Genl(mnl_socket *socket);
	GenlOutcome ask_family(uint16_t family, uint8_t command, uint8_t version, uint16_t flags, const Fill &fill,
			       const Each &each);
	GenlOutcome receive(const Each &each);

	std::unique_ptr<mnl_socket, Close> socket_;
	std::vector<char> buffer_;
	uint32_t sequence_ = 0;
	uint16_t family_ = 0;
};

} // namespace ipt
