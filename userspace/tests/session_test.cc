// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "kmod/session.h"

namespace ipt::test {
namespace {

Info whole()
{
	Info info{};
	info.ctl_version = IPTABLES_TRACE_CTL_VERSION;
	info.features = IPTABLES_TRACE_FEATURE_RULES | IPTABLES_TRACE_FEATURE_SELECT;
	return info;
}

TEST(Session, TracesWithAModuleOfItsOwnVersion)
{
	EXPECT_TRUE(fits(whole(), "6.12.0"));
}

TEST(Session, NamesBothVersionsIfTheModuleIsOfAnother)
{
	Info info = whole();
	info.ctl_version = IPTABLES_TRACE_CTL_VERSION + 1;
	const Status fit = fits(info, "6.12.0");
	ASSERT_FALSE(fit);
	EXPECT_NE(fit.error().message.find("version 2 of the control interface, this tool version 1"),
		  std::string::npos)
		<< fit.error().message;
}

TEST(Session, NamesAModuleThatCannotSelect)
{
	Info info = whole();
	info.features &= ~IPTABLES_TRACE_FEATURE_SELECT;
	const Status fit = fits(info, "6.12.0");
	ASSERT_FALSE(fit);
	EXPECT_NE(fit.error().message.find("is older than this tool: `modprobe -r iptables_trace`"), std::string::npos)
		<< fit.error().message;
}

TEST(Session, NamesTheOptionThatAKernelWithoutRuleTracingLacks)
{
	Info info = whole();
	info.features &= ~IPTABLES_TRACE_FEATURE_RULES;
	const Status fit = fits(info, "6.12.0-tiny");
	ASSERT_FALSE(fit);
	EXPECT_EQ(
		fit.error().message,
		"kernel 6.12.0-tiny was built without CONFIG_NETFILTER_XT_TARGET_TRACE and does not tell which rule a "
		"packet meets: boot one that has it");
}

} // namespace
} // namespace ipt::test
