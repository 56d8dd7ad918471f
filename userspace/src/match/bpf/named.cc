// SPDX-License-Identifier: GPL-2.0-only
#include "match/bpf/named.h"

#include <algorithm>
#include <array>

#include "match/bpf/domain_name.h"
#include "match/bpf/p0f.h"

namespace ipt {

namespace {

constexpr std::array kForms{
	NamedForm{ "dns_name", "a domain name that fits it", parse_domain_name, domain_name_text },
	NamedForm{ "p0f_signature",
		   "a signature of p0f, such as *:64:0:*:mss*20,10:mss,sok,ts,nop,ws:df,id+:0, or none",
		   parse_p0f_signature, p0f_signature_text },
};

} // namespace

const NamedForm *named_form(std::string_view name)
{
	const auto *const found =
		std::find_if(kForms.begin(), kForms.end(), [&](const NamedForm &one) { return one.name == name; });
	return found == kForms.end() ? nullptr : found;
}

} // namespace ipt
