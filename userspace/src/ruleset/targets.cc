// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/targets.h"

#include <algorithm>
#include <array>

namespace ipt {

namespace {

// Their sources are net/netfilter/xt_NAME.c and net/ipv4/netfilter/ipt_NAME.c of the kernel. "": a rule that only counts.
constexpr std::array kTargets = std::to_array<Target>({
	{ "", true, kNothing },
	{ "ACCEPT", false, kNothing },
	{ "AUDIT", true, kNothing },
	{ "CHECKSUM", true, kNothing },
	{ "CLASSIFY", true, kNothing },
	{ "CONNMARK", true, kNothing },
	{ "CONNSECMARK", true, kNothing },
	{ "CT", true, kNothing },
	{ "DROP", false, kNothing },
	{ "DSCP", true, kTos },
	{ "ECN", true, kTos },
	{ "HL", true, kTtl },
	{ "HMARK", true, kNothing },
	{ "IDLETIMER", true, kNothing },
	{ "LED", true, kNothing },
	{ "LOG", true, kNothing },
	{ "MARK", true, kNothing },
	{ "NFLOG", true, kNothing },
	{ "NFQUEUE", false, kNothing },
	{ "NOTRACK", true, kNothing },
	{ "QUEUE", false, kNothing },
	{ "RATEEST", true, kNothing },
	{ "REJECT", false, kNothing },
	{ "RETURN", false, kNothing },
	{ "SECMARK", true, kNothing },
	{ "SET", true, kNothing },
	{ "TCPMSS", false, kLength },
	{ "TEE", true, kNothing },
	{ "TOS", true, kTos },
	{ "TRACE", true, kNothing },
	{ "TTL", true, kTtl },
});

} // namespace

Target target_of(std::string_view name)
{
	const auto *found = std::find_if(kTargets.begin(), kTargets.end(),
					 [name](const Target &target) { return target.name == name; });
	return found == kTargets.end() ? Target{ name, false, kAnything } : *found;
}

} // namespace ipt
