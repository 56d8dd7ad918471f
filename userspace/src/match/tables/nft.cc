// SPDX-License-Identifier: GPL-2.0-only
// The rules of nf_tables, of iptables-nft and of everybody else, by libnftnl.
#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <map>
#include <memory>

#include "match/tables/found.h"
#include "util/nfnetlink.h"

namespace ipt {

namespace {

// Rules that change while they are read are read again, but not for ever.
constexpr int kTries = 4;

struct Reading {
	std::vector<FoundRule> rules;
	std::map<std::string, uint32_t> numbers; // of the last rule seen, by family, table and chain
};

std::string family_name(uint32_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_ARP:
		return "arp";
	default:
		return fmt::format("family {}", family);
	}
}

void read_expression(const nftnl_expr *expression, const FoundRule &place, Reading &reading)
{
	const char *kind = nftnl_expr_get_str(expression, NFTNL_EXPR_NAME);
	if (!kind || std::string_view(kind) != "match")
		return;
	const char *name = nftnl_expr_get_str(expression, NFTNL_EXPR_MT_NAME);
	if (!name || std::string_view(name) != "bpf")
		return;
	uint32_t size = 0;
	const void *info = nftnl_expr_get(expression, NFTNL_EXPR_MT_INFO, &size);
	FoundRule rule = place;
	read_blob(static_cast<uint8_t>(nftnl_expr_get_u32(expression, NFTNL_EXPR_MT_REV)), info, info ? size : 0, rule);
	reading.rules.push_back(std::move(rule));
}

int read_rule(const nlmsghdr *message, void *data)
{
	auto &reading = *static_cast<Reading *>(data);
	const std::unique_ptr<nftnl_rule, decltype(&nftnl_rule_free)> rule(nftnl_rule_alloc(), nftnl_rule_free);
	if (!rule || nftnl_rule_nlmsg_parse(message, rule.get()) < 0)
		return MNL_CB_OK;
	FoundRule place;
	place.nft = true;
	place.family = family_name(nftnl_rule_get_u32(rule.get(), NFTNL_RULE_FAMILY));
	place.table = nftnl_rule_get_str(rule.get(), NFTNL_RULE_TABLE);
	place.chain = nftnl_rule_get_str(rule.get(), NFTNL_RULE_CHAIN);
	place.number = ++reading.numbers[place.family + '\0' + place.table + '\0' + place.chain];
	const std::unique_ptr<nftnl_expr_iter, decltype(&nftnl_expr_iter_destroy)> at(
		nftnl_expr_iter_create(rule.get()), nftnl_expr_iter_destroy);
	while (const nftnl_expr *expression = at ? nftnl_expr_iter_next(at.get()) : nullptr)
		read_expression(expression, place, reading);
	return MNL_CB_OK;
}

// 0, or an errno; EINTR: the rules have changed meanwhile.
int read_once(Reading &reading)
{
	return ask_nfnetlink(
		[](char *room, uint32_t sequence) {
			return nftnl_nlmsg_build_hdr(room, NFT_MSG_GETRULE, NFPROTO_UNSPEC, NLM_F_DUMP, sequence);
		},
		read_rule, &reading);
}

} // namespace

Result<std::vector<FoundRule>> nft_rules()
{
	int error = 0;
	for (int i = 0; i < kTries; i++) {
		Reading reading;
		error = read_once(reading);
		// A kernel without nf_tables has no such rules.
		if (error == EINVAL || error == EOPNOTSUPP || error == EPROTONOSUPPORT)
			return std::vector<FoundRule>{};
		if (error == 0)
			return std::move(reading.rules);
		if (error != EINTR)
			break;
	}
	return Error{ fmt::format("cannot read the rules of nf_tables: {}",
				  error == EINTR ? "they change faster than they can be read" : std::strerror(error)),
		      error };
}

} // namespace ipt
