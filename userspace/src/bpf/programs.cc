// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/programs.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/core.h>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "iptables_trace.skel.h"

namespace ipt {

struct Programs::Callback {
	Record record;
	size_t left = 0;

	// Called for each record; something else than 0 ends the round, and this record counts as read.
	static int run(void *self, void *data, size_t size)
	{
		auto *callback = static_cast<Callback *>(self);
		const size_t events = callback->record({ static_cast<const std::byte *>(data), size });
		callback->left -= std::min(callback->left, std::max<size_t>(events, 1));
		return callback->left == 0 ? -EAGAIN : 0;
	}
};

namespace {

// libbpf has one printer for the whole process, and it is told of no owner: it is lent to one call.
thread_local std::string *said;

int listen(libbpf_print_level level, const char *format, va_list arguments)
{
	char line[4096];
	const int length = std::vsnprintf(line, sizeof(line), format, arguments);
	if (said && level <= LIBBPF_WARN)
		*said += line;
	return length;
}

// The last line that says something.
std::string gist(const std::string &text)
{
	size_t end = text.find_last_not_of(" \n");
	if (end == std::string::npos)
		return "no reason given";
	const size_t begin = text.rfind('\n', end);
	return text.substr(begin + 1, end - begin);
}

} // namespace

void Programs::Free::operator()(iptables_trace_bpf *skeleton) const
{
	iptables_trace_bpf__destroy(skeleton);
}

void Programs::Free::operator()(ring_buffer *ring) const
{
	ring_buffer__free(ring);
}

Programs::Programs() = default;
Programs::Programs(Programs &&) noexcept = default;
Programs::~Programs() = default;

Result<Programs> Programs::load(size_t ring_bytes, Extras extras, Record record, std::function<void(const char *)> log)
{
	std::string output;
	said = &output;
	const auto printer = libbpf_set_print(listen);
	const auto fail = [&](const char *what, int error) {
		libbpf_set_print(printer);
		said = nullptr;
		if (log)
			log(output.c_str());
		return Error{ fmt::format("cannot {} the BPF programs: {} ({}; -v shows more)", what,
					  std::strerror(error), gist(output)) };
	};

	Programs programs;
	programs.skeleton_.reset(iptables_trace_bpf__open());
	if (!programs.skeleton_)
		return fail("open", errno);
	programs.skeleton_->rodata->wake_bytes = ring_bytes / 4;
	programs.skeleton_->rodata->with_header = extras.header;
	programs.skeleton_->rodata->with_costs = extras.costs;
	bpf_map__set_max_entries(programs.skeleton_->maps.events, static_cast<__u32>(ring_bytes));
	if (const int error = iptables_trace_bpf__load(programs.skeleton_.get()))
		return fail("load", -error);

	programs.callback_ = std::make_unique<Callback>(Callback{ std::move(record) });
	programs.ring_.reset(ring_buffer__new(bpf_map__fd(programs.skeleton_->maps.events), Callback::run,
					      programs.callback_.get(), nullptr));
	if (!programs.ring_)
		return fail("read the ring buffer of", errno);
	libbpf_set_print(printer);
	said = nullptr;
	return programs;
}

int Programs::enter_fd() const
{
	return bpf_program__fd(skeleton_->progs.trace_enter);
}

int Programs::rule_fd() const
{
	return bpf_program__fd(skeleton_->progs.trace_rule);
}

int Programs::leave_fd() const
{
	return bpf_program__fd(skeleton_->progs.trace_leave);
}

int Programs::matches_fd() const
{
	return bpf_program__fd(skeleton_->progs.trace_matches);
}

int Programs::walk_fd() const
{
	return bpf_program__fd(skeleton_->progs.trace_walk);
}

int Programs::ring_fd() const
{
	return ring_buffer__epoll_fd(ring_.get());
}

void Programs::consume(size_t most)
{
	callback_->left = most;
	ring_buffer__consume(ring_.get());
}

Programs::LossCounts Programs::losses() const
{
	LossCounts counts{};
	const int cpus = libbpf_num_possible_cpus();
	std::vector<uint64_t> values(cpus > 0 ? static_cast<size_t>(cpus) : 1);
	for (__u32 reason = 0; reason < counts.size(); reason++) {
		if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.losses), &reason, values.data()))
			continue;
		for (const uint64_t value : values)
			counts[reason] += value;
	}
	return counts;
}

} // namespace ipt
