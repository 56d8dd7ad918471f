// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/save_tool.h"

#include <fmt/core.h>
#include <linux/netfilter.h>

#include "util/command.h"

namespace ipt {

Result<std::string> SaveTools::find(uint8_t family, BackEnd back_end)
{
	std::string &known = known_[{ family, back_end }];
	if (!known.empty())
		return known;
	const std::string base = family == NFPROTO_IPV6 ? "ip6tables" : "iptables";
	const std::string own = base + (back_end == BackEnd::nft ? "-nft-save" : "-legacy-save");
	for (const std::string &name : { own, base + "-save" }) {
		const auto version = run_command({ name, "--version" });
		if (!version || version->status != 0)
			continue;
		const bool is_nft = version->out.find("nf_tables") != std::string::npos;
		if (is_nft == (back_end == BackEnd::nft))
			return known = name;
	}
	return Error{ fmt::format("{} is not installed (package iptables)", own) };
}

std::string first_line(const std::string &text)
{
	return text.substr(0, text.find('\n'));
}

} // namespace ipt
