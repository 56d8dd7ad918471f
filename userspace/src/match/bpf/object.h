// SPDX-License-Identifier: GPL-2.0-only
// ELF objects with BPF programs, as clang makes them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "util/result.h"

struct bpf_object;
struct bpf_program;

namespace ipt {

struct ObjectMap {
	std::string name;
	int fd; // the object's
	bool internal; // the compiler's own: constants and variables
	bool shared; // it was there before
};

class Object {
public:
	// Needs no rights. An empty name is the only program there is. The error names the program, or those that there are.
	static Result<Object> open(const std::string &file, const std::string &program = "");

	const std::string &name() const { return name_; }
	uint32_t type() const { return type_; }

	// Hands it to the kernel, whose verifier writes to log. Maps that are pinned in this folder by their names are
	// shared, if one is given.
	Status load(std::string &log, const std::string &shared_maps = "");

	// After load().
	int fd() const;
	std::vector<ObjectMap> maps() const;

private:
	struct Close {
		void operator()(bpf_object *object) const;
	};

	explicit Object(bpf_object *object) : object_(object) {}
	Status choose(const std::string &file, const std::string &program);
	void leave_out_others() const;
	Error why(int error, const std::string &log) const;

	std::unique_ptr<bpf_object, Close> object_;
	bpf_program *program_ = nullptr;
	std::string name_;
	uint32_t type_ = 0;
};

// The last lines of a verifier's log that say what is wrong, without its statistics.
std::string verdict_of(const std::string &log);

} // namespace ipt
