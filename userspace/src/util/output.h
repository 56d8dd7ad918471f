// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>

#include "util/fd.h"
#include "util/result.h"

namespace ipt {

// When a file makes room for the next: FILE becomes FILE.1, that one FILE.2, and so on.
struct Rotation {
	uint64_t bytes = 0; // 0: never
	unsigned int kept = 10; // files, the one that is written among them; older ones are removed
};

// A file or standard output. The first failure stays.
class Output {
public:
	// Empty: standard output, which does not rotate.
	static Result<Output> open(const std::string &path, Rotation rotation = {});

	explicit Output(int borrowed) : fd_(borrowed) {}

	// Kept until flush(), or until it is much.
	void write(std::string_view text);
	void flush();
	bool rotates() const { return rotation_.bytes; }
	// Whether as much was written as a file may hold; then rotate() begins the next.
	bool full() const { return rotation_.bytes && written_ >= rotation_.bytes; }
	void rotate();
	int error() const { return error_; } // errno, or 0
	int fd() const { return owned_ ? owned_.get() : fd_; }

private:
	Output(Fd owned, std::string path, Rotation rotation)
		: owned_(std::move(owned)), path_(std::move(path)), rotation_(rotation)
	{
	}
	std::string aged(unsigned int age) const;

	std::string kept_;
	Fd owned_;
	int fd_ = -1;
	int error_ = 0;
	std::string path_;
	Rotation rotation_;
	uint64_t written_ = 0; // to this file
};

} // namespace ipt
