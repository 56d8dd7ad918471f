// SPDX-License-Identifier: GPL-2.0-only
#include "selection.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <pwd.h>
#include <sys/vfs.h>

#include "event/names.h"

namespace ipt {

namespace {

constexpr const char *kCgroups = "/sys/fs/cgroup";

Result<uint32_t> user_id(const std::string &user)
{
	uint32_t id = 0;
	const auto [end, error] = std::from_chars(user.data(), user.data() + user.size(), id);
	// The highest one stands for none.
	if (error == std::errc() && end == user.data() + user.size() && id != UINT32_MAX)
		return id;
	const passwd *found = getpwnam(user.c_str());
	if (!found)
		return Error{ fmt::format("--uid {}: no such user", user) };
	return found->pw_uid;
}

// A path below where cgroup2 is mounted may do without that.
Result<Fd> open_cgroup(const std::string &path)
{
	std::string why;
	for (const std::string &candidate : { path, fmt::format("{}/{}", kCgroups, path) }) {
		Fd fd(open(candidate.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		struct statfs file_system {};
		if (!fd)
			why = why.empty() ? std::strerror(errno) : why;
		else if (fstatfs(fd.get(), &file_system) == 0 && file_system.f_type == CGROUP2_SUPER_MAGIC)
			return fd;
		else
			why = "not a folder of cgroup2";
	}
	return Error{ fmt::format("--cgroup {}: {} (neither as it is nor below {})", path, why, kCgroups) };
}

template <size_t N>
Status set_name(char (&to)[N], const char *option, const std::string &name)
{
	if (name.size() >= N)
		return Error{ fmt::format("{} {}: longer than a name can be ({} characters)", option, name, N - 1) };
	name.copy(to, N - 1);
	return {};
}

Status set_devices(Select &select, const SelectOptions &options)
{
	if (!options.in.empty())
		select.fields |= IPTABLES_TRACE_SELECT_IN;
	if (!options.out.empty())
		select.fields |= IPTABLES_TRACE_SELECT_OUT;
	if (auto status = set_name(select.in, "--in", options.in); !status)
		return status;
	return set_name(select.out, "--out", options.out);
}

Status set_tables(Select &select, const std::vector<std::string> &tables)
{
	if (tables.size() > IPTABLES_TRACE_SELECT_TABLES_MAX)
		return Error{ fmt::format("--table: at most {} tables", IPTABLES_TRACE_SELECT_TABLES_MAX) };
	for (size_t i = 0; i < tables.size(); i++) {
		if (auto status = set_name(select.tables[i], "--table", std::string(name_of_table(tables[i]))); !status)
			return status;
		select.fields |= IPTABLES_TRACE_SELECT_TABLES;
	}
	return {};
}

void set_number(Select &select, unsigned int field, __u32 &to, uint32_t value)
{
	to = value;
	if (value)
		select.fields |= field;
}

void set_hooks(Select &select, const std::vector<std::string> &hooks)
{
	for (const std::string &name : hooks)
		select.hooks |= 1U << hook_of(name).value_or(0);
	if (select.hooks)
		select.fields |= IPTABLES_TRACE_SELECT_HOOKS;
}

} // namespace

std::string Place::in_words(NetnsNames &names) const
{
	if (everywhere)
		return "all network namespaces";
	std::string text = "netns";
	for (const Netns &netns : known)
		text += (&netns == &known.front() ? " " : ", ") + names(netns.inode);
	return text;
}

Result<Place> find_place(const Options &options)
{
	Place place;
	std::vector<std::string> words = options.netns;
	if (words.empty())
		words.push_back(options.select.pid ? fmt::format("{}", options.select.pid) : "");
	if (std::find(words.begin(), words.end(), "all") != words.end()) {
		place.everywhere = true;
		place.known = known_netns();
		return place;
	}
	for (const std::string &word : words) {
		auto netns = open_netns(word);
		if (!netns)
			return netns.error();
		// One that was named twice is one.
		if (std::none_of(place.known.begin(), place.known.end(),
				 [&](const Netns &other) { return other.inode == netns->inode; }))
			place.known.push_back(std::move(*netns));
	}
	return place;
}

std::string owner_note(const SelectOptions &options)
{
	const char *option = options.owner_option();
	if (!option)
		return "";
	return fmt::format(
		"{}: of packets that this host sends; those that it receives or forwards have no owner{}, and are "
		"not traced",
		option, options.pid ? "" : ", nor have those that the kernel itself makes, such as resets");
}

Expression expression_of(const Options &options)
{
	Expression expression{ { options.expression, options.ipv4, options.ipv6, {} }, "all packets" };
	if (!options.expression.empty())
		expression.in_words = fmt::format("'{}'", options.expression);
	if (options.own_ssh)
		return expression;
	const std::string ssh = find_ssh_connection();
	if (const auto packets = ssh_packets(ssh); packets && can_overlap(expression.request, *packets)) {
		expression.request.left_out = *packets;
		expression.in_words += fmt::format(" but those of your ssh connection ({})", ssh);
	}
	return expression;
}

Result<SelectRequest> select_request(const Options &options)
{
	SelectRequest request;
	Select &select = request.select;
	const SelectOptions &asked = options.select;
	if (auto status = set_devices(select, asked); !status)
		return status.error();
	if (auto status = set_tables(select, asked.tables); !status)
		return status.error();
	set_hooks(select, asked.hooks);
	if (asked.mark) {
		select.fields |= IPTABLES_TRACE_SELECT_MARK;
		select.mark = asked.mark->value;
		select.mark_mask = asked.mark->mask;
	}
	if (!asked.user.empty()) {
		const auto id = user_id(asked.user);
		if (!id)
			return id.error();
		select.fields |= IPTABLES_TRACE_SELECT_UID;
		select.uid = *id;
	}
	if (!asked.cgroup.empty()) {
		auto folder = open_cgroup(asked.cgroup);
		if (!folder)
			return folder.error();
		request.cgroup = std::move(*folder);
		select.fields |= IPTABLES_TRACE_SELECT_CGROUP;
		select.cgroup = request.cgroup.get();
	}
	if (asked.pid && kill(static_cast<pid_t>(asked.pid), 0) && errno == ESRCH)
		return Error{ fmt::format("--pid {}: there is no such process", asked.pid) };
	set_number(select, IPTABLES_TRACE_SELECT_PID, select.pid, asked.pid);
	set_number(select, IPTABLES_TRACE_SELECT_SAMPLE, select.sample, asked.sample);
	set_number(select, IPTABLES_TRACE_SELECT_FIRST, select.first, asked.first);
	set_number(select, IPTABLES_TRACE_SELECT_RATE, select.rate, asked.rate);
	return request;
}

Status configure(const Session &session, const Filter &filter, const Place &place, const SelectRequest &request)
{
	if (auto status = session.set_filter(filter.data(), static_cast<unsigned>(filter.size()), true); !status)
		return status;
	if (auto status = session.set_select(request.select); !status)
		return status;
	if (auto status = session.set_netns(place.everywhere ? -1 : place.known.front().fd.get()); !status)
		return status;
	for (size_t i = 1; !place.everywhere && i < place.known.size(); i++) {
		if (auto status = session.add_netns(place.known[i].fd.get()); !status)
			return status;
	}
	return {};
}

} // namespace ipt
