// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>

#include "util/fd.h"
#include "util/result.h"

namespace ipt {

// A file or standard output. The first failure stays.
class Output {
public:
	// Empty: standard output.
	static Result<Output> open(const std::string &path);

	explicit Output(int borrowed) : fd_(borrowed) {}

	// Kept until flush(), or until it is much.
	void write(std::string_view text);
	void flush();
	int error() const { return error_; } // errno, or 0
	int fd() const { return owned_ ? owned_.get() : fd_; }

private:
	explicit Output(Fd owned) : owned_(std::move(owned)) {}

	std::string kept_;
	Fd owned_;
	int fd_ = -1;
	int error_ = 0;
};

} // namespace ipt
