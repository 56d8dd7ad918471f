// SPDX-License-Identifier: GPL-2.0-only
// Errors as values: a Result is either what was asked for or the line to show to the user.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace ipt {

// One line, which names the thing and the way out.
struct Error {
	std::string message;
	int reason = 0; // an errno, where it tells the caller what to do
};

template <typename T>
class [[nodiscard]] Result {
public:
	Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
	Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

	explicit operator bool() const { return held_.index() == 0; }

	T &operator*() & { return get(*this); }
	const T &operator*() const & { return get(*this); }
	T operator*() && { return std::move(get(*this)); }
	T *operator->() { return &get(*this); }
	const T *operator->() const { return &get(*this); }

	const Error &error() const
	{
		assert(!*this);
		return *std::get_if<1>(&held_);
	}

private:
	static auto &get(auto &self)
	{
		assert(self);
		return *std::get_if<0>(&self.held_);
	}

	std::variant<T, Error> held_;
};

// For what has no result but may fail.
class [[nodiscard]] Status {
public:
	Status() = default;
	Status(Error error) : error_(std::move(error)), failed_(true) {}

	explicit operator bool() const { return !failed_; }
	const Error &error() const { return error_; }

private:
	Error error_;
	bool failed_ = false;
};

} // namespace ipt
