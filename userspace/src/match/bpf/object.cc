// SPDX-License-Identifier: GPL-2.0-only
#include "match/bpf/object.h"

#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/core.h>
#include <sstream>

#include "match/bpf/program.h"

namespace ipt {

namespace {

// Of an object that libbpf 1.1 does not know by its section: the type of the program, and where it would be attached.
constexpr auto kNetfilterType = static_cast<bpf_prog_type>(kNetfilter);
constexpr auto kNetfilterAttach = static_cast<bpf_attach_type>(45);

constexpr size_t kLogSize = 1U << 24;

// What libbpf has to say comes with its errors.
int say_nothing(libbpf_print_level, const char *, va_list)
{
	return 0;
}

// libbpf has errors of its own.
std::string error_text(int error)
{
	std::array<char, 128> text{};
	libbpf_strerror(error, text.data(), text.size());
	return text.data();
}

std::string shared_path(const std::string &folder, const char *name)
{
	return (std::filesystem::path(folder) / name).string();
}

} // namespace

void Object::Close::operator()(bpf_object *object) const
{
	bpf_object__close(object);
}

Result<Object> Object::open(const std::string &file, const std::string &program)
{
	libbpf_set_print(say_nothing);
	bpf_object *opened = bpf_object__open_file(file.c_str(), nullptr);
	if (!opened && (errno == ENOENT || errno == EACCES || errno == EISDIR))
		return Error{ fmt::format("cannot read {}: {}", file, std::strerror(errno)), errno };
	if (!opened)
		return Error{ fmt::format(
				      "{} is no object with BPF programs ({}): `clang -O2 -g -target bpf -c` makes one",
				      file, error_text(errno)),
			      EINVAL };
	Object object(opened);
	if (auto status = object.choose(file, program); !status)
		return status.error();
	return object;
}

Status Object::choose(const std::string &file, const std::string &program)
{
	std::string names;
	size_t count = 0;
	bpf_program *at = nullptr;
	bpf_object__for_each_program(at, object_.get())
	{
		const std::string name = bpf_program__name(at);
		names += (names.empty() ? "" : ", ") + name;
		count++;
		if (program.empty() || program == name)
			program_ = at;
	}
	if (count == 0)
		return Error{ fmt::format("{} has no program", file), EINVAL };
	if (program.empty() && count > 1)
		return Error{ fmt::format("{} has {} programs: choose one by --program, of {}", file, count, names),
			      EINVAL };
	if (!program_)
		return Error{ fmt::format("{} has no program {}; it has {}", file, program, names), ENOENT };

	name_ = bpf_program__name(program_);
	if (std::string_view(bpf_program__section_name(program_)) == "netfilter") {
		bpf_program__set_type(program_, kNetfilterType);
		bpf_program__set_expected_attach_type(program_, kNetfilterAttach);
	}
	type_ = static_cast<uint32_t>(bpf_program__type(program_));
	if (can_be_matched(type_))
		return {};
	return Error{
		fmt::format(
			"program {} of {} is in section \"{}\", of type {}: a rule runs socket_filter (SEC(\"socket\")) "
			"and, since Linux 6.4, netfilter",
			name_, file, bpf_program__section_name(program_), type_ ? program_type_name(type_) : "unknown"),
		EINVAL
	};
}

void Object::leave_out_others() const
{
	bpf_program *at = nullptr;
	bpf_object__for_each_program(at, object_.get())
	{
		if (at != program_)
			bpf_program__set_autoload(at, false);
	}
}

Error Object::why(int error, const std::string &log) const
{
	if (error == EPERM || error == EACCES) {
		const bool verified = !log.empty();
		if (!verified)
			return { fmt::format("cannot load program {}: {}; loading is root's: try sudo", name_,
					     std::strerror(error)),
				 EPERM };
	}
	const std::string verdict = verdict_of(log);
	if (!verdict.empty())
		return { fmt::format("the kernel's verifier refuses program {}: {}", name_, verdict), EINVAL };
	if (type_ == kNetfilter && error == EINVAL)
		return {
			fmt::format(
				"the kernel does not know programs of type netfilter, as {} is one: Linux 6.4 and later do",
				name_),
			EINVAL
		};
	return { fmt::format("cannot load program {}, or its maps: {}", name_, error_text(error)), error };
}

Status Object::load(std::string &log, const std::string &shared_maps)
{
	leave_out_others();
	bpf_map *map = nullptr;
	bpf_object__for_each_map(map, object_.get())
	{
		const std::string path = shared_path(shared_maps, bpf_map__name(map));
		if (!shared_maps.empty() && !bpf_map__is_internal(map) && std::filesystem::exists(path))
			bpf_map__set_pin_path(map, path.c_str());
	}
	// Older kernels keep a log's beginning, and what is wrong stands at its end. Memory that no log is written to is not used.
	const auto buffer = std::make_unique_for_overwrite<char[]>(kLogSize);
	buffer[0] = '\0';
	bpf_program__set_log_buf(program_, buffer.get(), kLogSize);
	const int error = -bpf_object__load(object_.get());
	log = buffer.get();
	bpf_program__set_log_buf(program_, nullptr, 0);
	if (error)
		return why(error, log);
	return {};
}

int Object::fd() const
{
	return bpf_program__fd(program_);
}

std::vector<ObjectMap> Object::maps() const
{
	std::vector<ObjectMap> maps;
	const bpf_map *map = nullptr;
	bpf_object__for_each_map(map, object_.get()) maps.push_back(
		{ bpf_map__name(map), bpf_map__fd(map), bpf_map__is_internal(map), bpf_map__is_pinned(map) });
	return maps;
}

std::string verdict_of(const std::string &log)
{
	std::istringstream lines(log);
	std::string last;
	for (std::string line; std::getline(lines, line);) {
		const bool statistics = line.starts_with("processed ") || line.starts_with("verification time") ||
					line.starts_with("stack depth");
		if (!line.empty() && !statistics)
			last = line;
	}
	return last;
}

} // namespace ipt
