// SPDX-License-Identifier: GPL-2.0-only
#include "match/bpf/map.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <fmt/core.h>

#include "match/bpf/program.h"

namespace ipt {

namespace {

// Those whose entries are bytes.
bool has_entries(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return true;
	default:
		return false;
	}
}

bool has_a_value_for_each_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

size_t cpus()
{
	const int count = libbpf_num_possible_cpus();
	return count > 0 ? static_cast<size_t>(count) : 1;
}

} // namespace

Result<Map> Map::described(Fd fd, const std::string &what)
{
	bpf_map_info info{};
	uint32_t size = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd.get(), &info, &size))
		return Error{ fmt::format("{}: the kernel tells nothing about it: {}", what, std::strerror(errno)),
			      errno };
	const std::string name(info.name, strnlen(info.name, sizeof(info.name)));
	if (!has_entries(info.type)) {
		const char *type = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(info.type));
		return Error{ fmt::format("{}: map {} is of type {}, whose entries are no data", what, name,
					  type ? type : "unknown"),
			      EOPNOTSUPP };
	}
	std::shared_ptr<btf> types;
	if (info.btf_id && info.btf_key_type_id)
		types.reset(btf__load_from_kernel_by_id(info.btf_id), btf__free);
	return Map(std::move(fd), name, TypedBytes(types, info.btf_key_type_id, info.key_size),
		   TypedBytes(types, info.btf_value_type_id, info.value_size), has_a_value_for_each_cpu(info.type));
}

Result<Map> Map::open(uint32_t id)
{
	Fd fd(bpf_map_get_fd_by_id(id));
	const std::string what = fmt::format("map {}", id);
	if (!fd)
		return Error{ fmt::format("{}: {}{}", what, std::strerror(errno),
					  errno == EPERM ? "; maps are root's: try sudo" : ""),
			      errno };
	return described(std::move(fd), what);
}

Result<Map> Map::open(const std::string &pin)
{
	Fd fd(bpf_obj_get(pin.c_str()));
	if (!fd || object_kind(fd) != "bpf-map")
		return Error{ fmt::format("{} is no map", pin), EINVAL };
	return described(std::move(fd), pin);
}

std::optional<Bytes> Map::next(const std::optional<Bytes> &key) const
{
	Bytes next(key_.size());
	if (bpf_map_get_next_key(fd_.get(), key ? key->data() : nullptr, next.data()))
		return {};
	return next;
}

Error Map::failed(const char *what, const Bytes &key) const
{
	if (errno == ENOENT)
		return { fmt::format("map {} has no key {}", name_, key_.text(key)), ENOENT };
	const char *way_out = errno == E2BIG  ? "; it is full, or an array that is shorter" :
			      errno == EINVAL ? "; an array keeps all of its entries" :
						"";
	return { fmt::format("cannot {} {} in map {}: {}{}", what, key_.text(key), name_, std::strerror(errno),
			     way_out),
		 errno };
}

Result<std::string> Map::get(const Bytes &key) const
{
	const size_t count = per_cpu_ ? cpus() : 1;
	Bytes values(stride() * count);
	if (bpf_map_lookup_elem(fd_.get(), key.data(), values.data()))
		return failed("read", key);
	const auto value_of = [&](size_t cpu) { return std::span(values).subspan(cpu * stride(), value_.size()); };
	if (!per_cpu_)
		return value_.text(value_of(0));
	std::string text;
	uint64_t sum = 0;
	for (size_t cpu = 0; cpu < count; cpu++) {
		uint64_t number = 0;
		std::memcpy(&number, value_of(cpu).data(), std::min(sizeof(number), value_.size()));
		sum += number;
		text += fmt::format("{}cpu {}: {}", cpu ? ", " : "", cpu, value_.text(value_of(cpu)));
	}
	return value_.is_number() ? std::to_string(sum) : text;
}

Status Map::set(const Bytes &key, const Bytes &value) const
{
	Bytes values;
	for (size_t cpu = 0; cpu < (per_cpu_ ? cpus() : 1); cpu++) {
		values.insert(values.end(), value.begin(), value.end());
		values.resize((cpu + 1) * stride());
	}
	if (bpf_map_update_elem(fd_.get(), key.data(), values.data(), BPF_ANY))
		return failed("set", key);
	return {};
}

Status Map::remove(const Bytes &key) const
{
	if (bpf_map_delete_elem(fd_.get(), key.data()))
		return failed("delete", key);
	return {};
}

} // namespace ipt
