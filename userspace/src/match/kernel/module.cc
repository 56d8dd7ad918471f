// SPDX-License-Identifier: GPL-2.0-only
#include "match/kernel/module.h"

#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <fstream>
#include <linux/genetlink.h>
#include <span>
#include <unistd.h>

#include "util/command.h"
#include "xt_ebpf.h"

namespace ipt {

namespace {

// Rules that change while they are dumped are asked for again, but not for ever.
constexpr int kTries = 4;

std::span<const std::byte> bytes_of(const nlattr *attribute)
{
	return { static_cast<const std::byte *>(mnl_attr_get_payload(attribute)), mnl_attr_get_payload_len(attribute) };
}

// Takes the payload if it has the size that the contract says.
template <typename T, typename To>
void take(const nlattr *attribute, To &to)
{
	const auto bytes = bytes_of(attribute);
	T value{};
	if (bytes.size() < sizeof(value))
		return;
	std::memcpy(&value, bytes.data(), sizeof(value));
	to = value;
}

// Text may or may not come with the zero that ends it.
void take_text(const nlattr *attribute, std::string &to)
{
	const auto bytes = bytes_of(attribute);
	to.assign(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

void take_name(const nlattr *attribute, std::string &to)
{
	take_text(attribute, to);
	to.resize(strnlen(to.data(), to.size()));
}

void take_tag(const nlattr *attribute, std::string &to)
{
	to.clear();
	for (const std::byte byte : bytes_of(attribute))
		to += fmt::format("{:02x}", std::to_integer<unsigned int>(byte));
}

void take_instructions(const nlattr *attribute, Filter &to)
{
	const auto bytes = bytes_of(attribute);
	to.resize(bytes.size() / sizeof(Instruction));
	std::memcpy(to.data(), bytes.data(), to.size() * sizeof(Instruction));
}

void take_attribute(const nlattr *attribute, KernelRule &rule)
{
	switch (mnl_attr_get_type(attribute)) {
	case XT_EBPF_A_HANDLE:
		take<uint64_t>(attribute, rule.handle);
		break;
	case XT_EBPF_A_TABLE:
		take_name(attribute, rule.table);
		break;
	case XT_EBPF_A_FAMILY:
		take<uint8_t>(attribute, rule.family);
		break;
	case XT_EBPF_A_SOURCE:
		take<uint16_t>(attribute, rule.source);
		break;
	case XT_EBPF_A_FLAGS:
		take<uint16_t>(attribute, rule.flags);
		break;
	case XT_EBPF_A_REFERENCES:
		take<uint32_t>(attribute, rule.references);
		break;
	case XT_EBPF_A_SINCE:
		take<uint64_t>(attribute, rule.since);
		break;
	case XT_EBPF_A_TEXT:
		take_text(attribute, rule.text);
		break;
	case XT_EBPF_A_INSNS:
		take_instructions(attribute, rule.instructions);
		break;
	case XT_EBPF_A_PROG_ID:
		take<uint32_t>(attribute, rule.program_id);
		break;
	case XT_EBPF_A_PROG_NAME:
		take_name(attribute, rule.program_name);
		break;
	case XT_EBPF_A_PROG_TAG:
		take_tag(attribute, rule.program_tag);
		break;
	case XT_EBPF_A_PROG_TYPE:
		take<uint32_t>(attribute, rule.program_type);
		break;
	case XT_EBPF_A_RUNS:
		take<uint64_t>(attribute, rule.runs);
		break;
	case XT_EBPF_A_MATCHES:
		take<uint64_t>(attribute, rule.matches);
		break;
	case XT_EBPF_A_NANOSECONDS:
		take<uint64_t>(attribute, rule.nanoseconds);
		break;
	default:
		break; // of a later version
	}
}

KernelRule rule_of(const nlmsghdr *message)
{
	KernelRule rule;
	each_attribute(message, sizeof(genlmsghdr), [&](const nlattr *attribute) { take_attribute(attribute, rule); });
	return rule;
}

Error error_of(const GenlOutcome &outcome, const std::string &what)
{
	if (outcome.error == EPERM || outcome.error == EACCES)
		return { fmt::format("{}: not allowed; CAP_NET_ADMIN over this network namespace is needed: try sudo",
				     what),
			 EPERM };
	return { fmt::format("{}: {}", what, outcome.text()), outcome.error };
}

std::string loaded_version()
{
	std::ifstream file("/sys/module/xt_ebpf/version");
	std::string version;
	std::getline(file, version);
	return version;
}

Error no_module(const Result<CommandOutput> &modprobe)
{
	const std::string version = loaded_version();
	if (!version.empty())
		return {
			fmt::format(
				"the xt_ebpf.ko that is loaded (version {}) has no revision 2 of the match; install this "
				"tool's version and load that, once no rule uses the other: modprobe -r xt_ebpf",
				version),
			ENOPROTOOPT
		};
	std::string said = modprobe ? modprobe->err : modprobe.error().message;
	while (!said.empty() && said.back() == '\n')
		said.pop_back();
	return { fmt::format(
			 "xt_ebpf.ko is not loaded{}{}; load it by `sudo modprobe xt_ebpf`, after `make dkms` or `make "
			 "install` in the sources of iptables-ebpf, or its dkms package",
			 said.empty() ? "" : ", and modprobe cannot: ", said),
		 ENOPROTOOPT };
}

} // namespace

Result<XtEbpf> XtEbpf::open()
{
	auto genl = Genl::open(XT_EBPF_GENL_NAME);
	if (genl)
		return XtEbpf(*std::move(genl));
	if (genl.error().reason != ENOENT)
		return genl.error();
	const Result<CommandOutput> modprobe =
		geteuid() == 0 ? run_command({ "modprobe", XT_EBPF_GENL_NAME }) : CommandOutput{};
	genl = Genl::open(XT_EBPF_GENL_NAME);
	if (genl)
		return XtEbpf(*std::move(genl));
	return no_module(modprobe);
}

Result<std::vector<KernelRule>> XtEbpf::rules(std::optional<uint32_t> program_id)
{
	for (int i = 0; i < kTries; i++) {
		std::vector<KernelRule> rules;
		const auto outcome = genl_.ask(
			XT_EBPF_CMD_RULE_GET, NLM_F_DUMP,
			[&](nlmsghdr *message) {
				if (program_id)
					mnl_attr_put_u32(message, XT_EBPF_A_PROG_ID, *program_id);
			},
			[&](const nlmsghdr *message) { rules.push_back(rule_of(message)); });
		if (outcome.error == ENOENT)
			return std::vector<KernelRule>{};
		if (!outcome)
			return error_of(outcome, "cannot read the rules");
		if (!outcome.interrupted)
			return rules;
	}
	return Error{ "the rules change faster than they can be read; try again" };
}

Result<KernelRule> XtEbpf::rule(uint64_t handle)
{
	KernelRule rule;
	const auto outcome = genl_.ask(
		XT_EBPF_CMD_RULE_GET, 0,
		[&](nlmsghdr *message) { mnl_attr_put_u64(message, XT_EBPF_A_HANDLE, handle); },
		[&](const nlmsghdr *message) { rule = rule_of(message); });
	if (!outcome)
		return error_of(outcome, "cannot read a rule");
	return rule;
}

Result<uint32_t> XtEbpf::swap(uint32_t program_id, int program)
{
	uint32_t swapped = 0;
	const auto outcome = genl_.ask(
		XT_EBPF_CMD_SWAP, 0,
		[&](nlmsghdr *message) {
			mnl_attr_put_u32(message, XT_EBPF_A_PROG_ID, program_id);
			mnl_attr_put_u32(message, XT_EBPF_A_FD, static_cast<uint32_t>(program));
		},
		[&](const nlmsghdr *message) {
			each_attribute(message, sizeof(genlmsghdr), [&](const nlattr *attribute) {
				if (mnl_attr_get_type(attribute) == XT_EBPF_A_SWAPPED)
					take<uint32_t>(attribute, swapped);
			});
		});
	if (!outcome)
		return error_of(outcome, fmt::format("cannot exchange program {}", program_id));
	return swapped;
}

} // namespace ipt
