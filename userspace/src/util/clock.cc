// SPDX-License-Identifier: GPL-2.0-only
#include "util/clock.h"

#include <ctime>
#include <fmt/core.h>

namespace ipt {

namespace {

constexpr int64_t kSecond = 1'000'000'000;

int64_t now(clockid_t clock)
{
	timespec t{};
	clock_gettime(clock, &t);
	return t.tv_sec * kSecond + t.tv_nsec;
}

} // namespace

uint64_t monotonic_ns()
{
	return static_cast<uint64_t>(now(CLOCK_MONOTONIC));
}

// The narrowest of a few tries: between the two readings the process may have been put to sleep.
void WallClock::update()
{
	int64_t narrowest = kSecond;
	for (int i = 0; i < 5; i++) {
		const int64_t before = now(CLOCK_MONOTONIC);
		const int64_t wall = now(CLOCK_REALTIME);
		const int64_t width = now(CLOCK_MONOTONIC) - before;
		if (width < narrowest) {
			narrowest = width;
			offset_ = wall - (before + width / 2);
		}
	}
}

std::string WallClock::time_of_day(uint64_t monotonic_ns) const
{
	const int64_t wall = wall_ns(monotonic_ns);
	const time_t seconds = wall / kSecond;
	if (seconds != second_) {
		tm local{};
		localtime_r(&seconds, &local);
		text_ = fmt::format("{:02}:{:02}:{:02}.000000", local.tm_hour, local.tm_min, local.tm_sec);
		second_ = seconds;
	}
	set_digits(text_, text_.size() - 6, 6, wall % kSecond / 1000);
	return text_;
}

void set_digits(std::string &text, size_t at, size_t count, int64_t number)
{
	for (size_t digit = at + count; digit > at; number /= 10)
		text[--digit] = static_cast<char>('0' + number % 10);
}

} // namespace ipt
