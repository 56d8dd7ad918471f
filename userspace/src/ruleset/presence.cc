// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/presence.h"

#include <cerrno>
#include <fmt/core.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <vector>

#include "ruleset/reader.h"

namespace ipt {

namespace {

constexpr uint16_t nft_message(int type)
{
	return static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type);
}

// Counts the rules of one part of a dump. False: it was the last part.
bool count_part(char *data, size_t size, uint64_t &rules)
{
	int rest = static_cast<int>(size);
	for (auto *message = reinterpret_cast<nlmsghdr *>(data); NLMSG_OK(message, rest);
	     message = NLMSG_NEXT(message, rest)) {
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			return false;
		rules += message->nlmsg_type == nft_message(NFT_MSG_NEWRULE);
	}
	return true;
}

} // namespace

uint64_t count_nft_rules(const Netns &netns)
{
	// Asking would load it.
	if (access("/sys/module/nf_tables", F_OK))
		return 0;
	const auto inside = InNetns::enter(netns);
	if (!inside)
		return 0;
	const Fd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
	struct {
		nlmsghdr header;
		nfgenmsg body;
	} request{};
	request.header.nlmsg_len = sizeof(request);
	request.header.nlmsg_type = nft_message(NFT_MSG_GETRULE);
	request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request.body.nfgen_family = NFPROTO_UNSPEC;
	request.body.version = NFNETLINK_V0;
	if (!netlink || send(netlink.get(), &request, sizeof(request), 0) < 0)
		return 0;

	uint64_t rules = 0;
	std::vector<char> buffer(65536);
	for (;;) {
		const ssize_t size = recv(netlink.get(), buffer.data(), buffer.size(), 0);
		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0 || !count_part(buffer.data(), static_cast<size_t>(size), rules))
			return rules;
	}
}

Presence look_for_rules(const std::vector<Netns> &places, bool ipv4, bool ipv6)
{
	Presence presence;
	for (const Netns &netns : places) {
		presence.legacy |= ipv4 && !tables_in(netns, NFPROTO_IPV4).empty();
		presence.legacy |= ipv6 && !tables_in(netns, NFPROTO_IPV6).empty();
		presence.nft_rules += count_nft_rules(netns);
	}
	return presence;
}

std::string presence_error(const Presence &presence, bool everywhere)
{
	if (presence.legacy)
		return {};
	const std::string where = everywhere ? "no network namespace has a table of iptables-legacy" :
					       "the network namespace has no table of iptables-legacy";
	if (presence.nft_rules)
		return fmt::format(
			"{}; {} rules live in nf_tables (iptables-nft, nft), which this version does not see: use "
			"`xtables-monitor --trace` or `nft monitor trace` for them",
			where, presence.nft_rules);
	return where + ", so there is no rule to trace: load rules first, or choose another one with --netns";
}

std::string presence_note(const Presence &presence)
{
	if (!presence.nft_rules)
		return {};
	return fmt::format("{} rules live in nf_tables (iptables-nft, nft), which this version does not see",
			   presence.nft_rules);
}

} // namespace ipt
