// SPDX-License-Identifier: GPL-2.0-only
#include "match/kernel/genl.h"

#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <linux/genetlink.h>

#include "xt_ebpf.h"

namespace ipt {

namespace {

// A rule's instructions and text are the longest that is ever sent or answered.
constexpr size_t kBuffer = 65536 + XT_EBPF_MAX_INSNS * 8 + XT_EBPF_MAX_TEXT;

// The text that the kernel puts behind an error, if it did.
std::string text_behind(const nlmsghdr *message, size_t offset)
{
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return {};
	std::string text;
	each_attribute(message, offset, [&](const nlattr *attribute) {
		if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG)
			text.assign(mnl_attr_get_str(attribute),
				    strnlen(mnl_attr_get_str(attribute), mnl_attr_get_payload_len(attribute)));
	});
	return text;
}

GenlOutcome outcome_of(const nlmsghdr *message)
{
	GenlOutcome outcome;
	int error = 0;
	std::memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
	outcome.error = -error;
	if (error)
		outcome.said = text_behind(message, message->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(nlmsgerr));
	return outcome;
}

} // namespace

std::string GenlOutcome::text() const
{
	return said.empty() ? std::strerror(error) : said;
}

Genl::Genl(mnl_socket *socket) : socket_(socket), buffer_(kBuffer) {}

Result<Genl> Genl::open(const char *family)
{
	mnl_socket *socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!socket)
		return Error{ fmt::format("cannot open a netlink socket: {}", std::strerror(errno)) };
	Genl genl(socket);
	int on = 1;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return Error{ fmt::format("cannot bind a netlink socket: {}", std::strerror(errno)) };
	// Kernels that cannot do these say less, and that is all.
	mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));

	const auto outcome = genl.ask_family(
		GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK,
		[&](nlmsghdr *message) { mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, family); },
		[&](const nlmsghdr *message) {
			each_attribute(message, sizeof(genlmsghdr), [&](const nlattr *attribute) {
				if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
					genl.family_ = mnl_attr_get_u16(attribute);
			});
		});
	if (!outcome)
		return Error{ fmt::format("the kernel has no netlink family {}: {}", family, outcome.text()),
			      outcome.error };
	return genl;
}

GenlOutcome Genl::ask(uint8_t command, uint16_t flags, const Fill &fill, const Each &each)
{
	return ask_family(family_, command, XT_EBPF_GENL_VERSION, flags, fill, each);
}

GenlOutcome Genl::ask_family(uint16_t family, uint8_t command, uint8_t version, uint16_t flags, const Fill &fill,
			     const Each &each)
{
	nlmsghdr *message = mnl_nlmsg_put_header(buffer_.data());
	message->nlmsg_type = family;
	message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
	message->nlmsg_seq = ++sequence_;
	auto *head = static_cast<genlmsghdr *>(mnl_nlmsg_put_extra_header(message, sizeof(genlmsghdr)));
	head->cmd = command;
	head->version = version;
	if (fill)
		fill(message);
	if (mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) < 0)
		return { .error = errno };
	return receive(each);
}

// Answers end with an acknowledgement, or, those of a dump, with a message of their own.
GenlOutcome Genl::receive(const Each &each)
{
	bool interrupted = false;
	for (;;) {
		const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return { .error = errno };
		int rest = static_cast<int>(size);
		for (auto *at = reinterpret_cast<const nlmsghdr *>(buffer_.data()); mnl_nlmsg_ok(at, rest);
		     at = mnl_nlmsg_next(at, &rest)) {
			if (at->nlmsg_seq != sequence_)
				continue;
			interrupted = interrupted || (at->nlmsg_flags & NLM_F_DUMP_INTR);
			if (at->nlmsg_type == NLMSG_ERROR || at->nlmsg_type == NLMSG_DONE) {
				GenlOutcome outcome = outcome_of(at);
				outcome.interrupted = interrupted;
				return outcome;
			}
			if (each)
				each(at);
		}
	}
}

} // namespace ipt
