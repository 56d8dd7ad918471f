// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/session.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>

#include "kmod/switches.h"
#include "util/command.h"
#include "util/kernel_symbols.h"

namespace ipt {

namespace {

constexpr const char *kUnobservable =
	"this kernel's matches cannot be observed, as it keeps the counters of rules inside them (it was built with "
	"PREEMPT_RT, or for a single CPU)";

Error no_rights()
{
	return Error{
		"only root may trace (CAP_NET_ADMIN, and CAP_BPF with CAP_PERFMON, or CAP_SYS_ADMIN, outside of any "
		"user namespace): try sudo",
		EPERM
	};
}

std::string kernel_release()
{
	utsname name{};
	uname(&name);
	return name.release;
}

Fd open_device(int &error)
{
	Fd fd(open(IPTABLES_TRACE_DEVICE, O_RDWR | O_CLOEXEC));
	error = fd ? 0 : errno;
	return fd;
}

bool may_load_modules()
{
	return geteuid() == 0;
}

// Why there is no device, after modprobe was tried.
Error no_module(const Result<CommandOutput> &modprobe)
{
	std::string said = modprobe ? modprobe->err : modprobe.error().message;
	while (!said.empty() && said.back() == '\n')
		said.pop_back();
	const std::string lacks = missing_in_kernel();
	if (!lacks.empty())
		return Error{ lacks };
	const std::string release = kernel_release();
	if (said.find("Key was rejected") != std::string::npos)
		return Error{ fmt::format(
			"the kernel refuses iptables_trace.ko because of its signature (Secure Boot): enrol "
			"the key it was signed with, see mokutil(1); modprobe: {}",
			said) };
	return Error{ fmt::format(
		"iptables_trace.ko is not loaded, and modprobe cannot load it ({}): install it for kernel {} "
		"with `make dkms` or `make install` in the sources of iptables-ebpf, or its dkms package",
		said.empty() ? fmt::format("{} does not appear", IPTABLES_TRACE_DEVICE) : said, release) };
}

// What an ioctl says by its error, in words.
Status outcome(int result, const char *what, std::initializer_list<std::pair<int, const char *>> meanings = {})
{
	if (result >= 0)
		return {};
	const int error = errno;
	if (error == EPERM)
		return no_rights();
	for (const auto &[number, meaning] : meanings) {
		if (number == error)
			return Error{ meaning, error };
	}
	return Error{ fmt::format("iptables_trace.ko: {}: {} (see dmesg)", what, std::strerror(error)), error };
}

} // namespace

Result<Session> Session::open()
{
	int error = 0;
	Fd device = open_device(error);
	if (!device && (error == ENOENT || error == ENODEV || error == ENXIO)) {
		if (!may_load_modules())
			return no_rights();
		const auto modprobe = run_command({ "modprobe", "iptables_trace" });
		device = open_device(error);
		if (!device && (error == ENOENT || error == ENODEV || error == ENXIO))
			return no_module(modprobe);
	}
	if (!device && (error == EPERM || error == EACCES))
		return no_rights();
	if (!device)
		return Error{ fmt::format("cannot open {}: {}", IPTABLES_TRACE_DEVICE, std::strerror(error)) };
	Session session(std::move(device));

	const auto info = session.info();
	if (!info)
		return info.error();
	if (auto fit = fits(*info, kernel_release()); !fit)
		return fit.error();
	return session;
}

Status fits(const Info &info, const std::string &kernel)
{
	if (info.ctl_version != IPTABLES_TRACE_CTL_VERSION)
		return Error{ fmt::format(
			"iptables_trace.ko {} speaks version {} of the control interface, this tool version {}: "
			"install both from one version, then `modprobe -r iptables_trace`",
			info.module_version, info.ctl_version, IPTABLES_TRACE_CTL_VERSION) };
	if (!(info.features & IPTABLES_TRACE_FEATURE_SELECT))
		return Error{ fmt::format(
			"iptables_trace.ko {} is older than this tool: `modprobe -r iptables_trace` loads the "
			"one that is installed",
			info.module_version) };
	if (!(info.features & IPTABLES_TRACE_FEATURE_RULES))
		return Error{ fmt::format(
			"kernel {} was built without CONFIG_NETFILTER_XT_TARGET_TRACE and does not tell which "
			"rule a packet meets: boot one that has it",
			kernel) };
	return {};
}

Result<Info> Session::info() const
{
	Info info{};
	if (auto status = outcome(ioctl(device_.get(), IPTABLES_TRACE_GET_INFO, &info), "GET_INFO"); !status)
		return status.error();
	return info;
}

bool Session::sees_nft() const
{
	const auto known = info();
	return known && known->features & IPTABLES_TRACE_FEATURE_NFT;
}

bool Session::sees_arp() const
{
	const auto known = info();
	return known && known->features & IPTABLES_TRACE_FEATURE_ARP;
}

uint32_t Session::back_ends(bool arp) const
{
	// An older module wants to hear of none, and takes that for the legacy one.
	if (!sees_nft())
		return 0;
	uint32_t back_ends = IPTABLES_TRACE_BACK_END_LEGACY | IPTABLES_TRACE_BACK_END_NFT;
	if (arp && sees_arp())
		back_ends |= IPTABLES_TRACE_BACK_END_ARP;
	return back_ends;
}

Status Session::set_programs(int enter, int rule, int leave, bool arp) const
{
	iptables_trace_programs programs{ enter, rule, leave, back_ends(arp) };
	return outcome(ioctl(device_.get(), IPTABLES_TRACE_SET_PROGRAMS, &programs), "cannot use the BPF programs");
}

bool Session::tells_walks() const
{
	const auto known = info();
	return known && known->features & IPTABLES_TRACE_FEATURE_TRAVERSALS;
}

Status Session::set_walks(int program, bool arp) const
{
	iptables_trace_traversals traversals{ program, back_ends(arp) };
	return outcome(ioctl(device_.get(), IPTABLES_TRACE_SET_TRAVERSALS, &traversals), "cannot use the BPF program");
}

Status Session::set_filter(const void *instructions, unsigned int count, bool children) const
{
	iptables_trace_filter filter{ reinterpret_cast<uintptr_t>(instructions), count,
				      children ? static_cast<__u32>(IPTABLES_TRACE_FILTER_CHILDREN) : 0 };
	return outcome(ioctl(device_.get(), IPTABLES_TRACE_SET_FILTER, &filter), "cannot use the filter");
}

Status Session::set_netns(int fd) const
{
	iptables_trace_netns netns{ fd, 0 };
	return outcome(ioctl(device_.get(), IPTABLES_TRACE_SET_NETNS, &netns), "cannot choose the network namespace");
}

Status Session::add_netns(int fd) const
{
	iptables_trace_netns netns{ fd, 0 };
	return outcome(ioctl(device_.get(), IPTABLES_TRACE_ADD_NETNS, &netns), "cannot add a network namespace",
		       { { ENOSPC, "--netns: more network namespaces than the module can look at: use all" } });
}

bool Session::measures() const
{
	const auto known = info();
	return known && known->features & IPTABLES_TRACE_FEATURE_COSTS;
}

Status Session::set_costs() const
{
	iptables_trace_costs costs{ 1, 0 };
	return outcome(ioctl(device_.get(), IPTABLES_TRACE_SET_COSTS, &costs), "cannot measure what rules take");
}

Status Session::set_select(const Select &select) const
{
	return outcome(ioctl(device_.get(), IPTABLES_TRACE_SET_SELECT, &select), "cannot select packets",
		       { { ESRCH, "--pid: there is no such process" },
			 { EBADF, "--cgroup: not a folder of cgroup2" },
			 { EOPNOTSUPP, "--cgroup: this kernel does not know to which cgroup a packet belongs" } });
}

Status Session::set_matches(int program, uint32_t budget) const
{
	iptables_trace_matches matches{ program, budget };
	return outcome(
		ioctl(device_.get(), IPTABLES_TRACE_SET_MATCHES, &matches), "cannot observe matches",
		{ { ENOTTY, "iptables_trace.ko is older than this tool and does not observe matches: `modprobe -r "
			    "iptables_trace` loads the one that is installed" },
		  { EOPNOTSUPP, kUnobservable } });
}

Result<std::optional<uint64_t>> Session::observe(int netns, uint8_t family, const std::string &table) const
{
	iptables_trace_observe observe{};
	observe.netns = netns;
	observe.family = family;
	if (table.size() >= sizeof(observe.table))
		return std::optional<uint64_t>(0);
	table.copy(observe.table, sizeof(observe.table) - 1);
	const int result = ioctl(device_.get(), IPTABLES_TRACE_OBSERVE, &observe);
	if (result < 0 && errno == EAGAIN)
		return std::optional<uint64_t>();
	if (result < 0 && errno == ENOENT)
		return std::optional<uint64_t>(0);
	if (auto status = outcome(result, "cannot observe matches",
				  { { ENOSPC, "there are more tables than the module observes the matches of" },
				    { EOPNOTSUPP, kUnobservable } });
	    !status)
		return status.error();
	return std::optional<uint64_t>(observe.ruleset);
}

Status Session::start() const
{
	const int result = ioctl(device_.get(), IPTABLES_TRACE_START);
	if (result < 0 && errno == EOPNOTSUPP) {
		if (const std::string off = probes_switch(); !off.empty())
			return Error{ "the kernel's probes, on which tracing rests, are switched off: " + off };
		errno = EOPNOTSUPP;
	}
	return outcome(result, "cannot start",
		       { { EUSERS, "as many traces are running as the module can serve: end one of them" },
			 { EOPNOTSUPP, "the kernel does not let itself be probed where it must be: see dmesg" } });
}

Status Session::stop() const
{
	return outcome(ioctl(device_.get(), IPTABLES_TRACE_STOP), "cannot stop");
}

Result<Stats> Session::stats() const
{
	Stats stats{};
	if (auto status = outcome(ioctl(device_.get(), IPTABLES_TRACE_GET_STATS, &stats), "GET_STATS"); !status)
		return status.error();
	return stats;
}

std::string missing_in_kernel()
{
	if (kernel_has("register_kprobe").value_or(true))
		return {};
	return fmt::format("kernel {} was built without CONFIG_KPROBES, on which tracing rests: boot one that has it",
			   kernel_release());
}

} // namespace ipt
