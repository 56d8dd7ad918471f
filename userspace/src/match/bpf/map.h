// SPDX-License-Identifier: GPL-2.0-only
// Maps that the kernel holds, entry by entry.
#pragma once

#include <optional>

#include "match/bpf/typed.h"
#include "util/fd.h"

namespace ipt {

class Map {
public:
	// Reasons: EOPNOTSUPP, a map whose entries are no data; EINVAL, no map.
	static Result<Map> open(uint32_t id);
	static Result<Map> open(const std::string &pin);

	const std::string &name() const { return name_; }
	const TypedBytes &key() const { return key_; }
	const TypedBytes &value() const { return value_; }
	// The compiler's own, for constants and variables.
	bool is_internal() const { return name_.find('.') != std::string::npos; }

	// The key after this one; nothing: the first. Nothing comes out after the last.
	std::optional<Bytes> next(const std::optional<Bytes> &key) const;
	// As text; of a map with a value for each CPU their sum, if they are numbers. Reason ENOENT: no such key.
	Result<std::string> get(const Bytes &key) const;
	// Of a map with a value for each CPU, all of them.
	Status set(const Bytes &key, const Bytes &value) const;
	Status remove(const Bytes &key) const;

private:
	Map(Fd fd, std::string name, TypedBytes key, TypedBytes value, bool per_cpu)
		: fd_(std::move(fd)), name_(std::move(name)), key_(std::move(key)), value_(std::move(value)),
		  per_cpu_(per_cpu)
	{
	}
	static Result<Map> described(Fd fd, const std::string &what);
	// What a value takes in the kernel's answer, for each CPU.
	size_t stride() const { return per_cpu_ ? (value_.size() + 7) / 8 * 8 : value_.size(); }
	Error failed(const char *what, const Bytes &key) const;

	Fd fd_;
	std::string name_;
	TypedBytes key_;
	TypedBytes value_;
	bool per_cpu_;
};

} // namespace ipt
