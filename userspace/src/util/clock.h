// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>

namespace ipt {

// Turns the kernel's monotonic time into time of day. The offset between the two clocks is taken anew by update(), so
// that a clock that is set or slewed while the tool runs shows in later lines and not in earlier ones.
class WallClock {
public:
	WallClock() { update(); }
	explicit WallClock(int64_t offset_ns) : offset_(offset_ns) {}

	void update();
	int64_t wall_ns(uint64_t monotonic_ns) const { return static_cast<int64_t>(monotonic_ns) + offset_; }
	// HH:MM:SS.uuuuuu in the local time zone.
	std::string time_of_day(uint64_t monotonic_ns) const;

private:
	int64_t offset_ = 0;
	// The text of a second, which many events have in common.
	mutable int64_t second_ = INT64_MIN;
	mutable std::string text_;
};

uint64_t monotonic_ns();

// Writes a number, which is not negative, over so many digits of the text.
void set_digits(std::string &text, size_t at, size_t count, int64_t number);

} // namespace ipt
