// SPDX-License-Identifier: GPL-2.0-only
// The pins that a boot makes: files *.conf in one folder, each line PIN FILE [PROGRAM].
#pragma once

#include <string>
#include <vector>

namespace ipt {

inline constexpr const char *kPinsFolder = "/etc/iptables-ebpf/pins.d";
inline constexpr const char *kPinsUnit = "iptables-ebpf-pins.service";

struct WantedPin {
	std::string pin;
	std::string file;
	std::string program; // empty: the only one
	std::string where; // FILE:LINE
};

struct WantedPins {
	std::vector<WantedPin> pins; // in the order in which they are made
	std::vector<std::string> faults; // "FILE:LINE: what"
};

// A folder that is not there is an empty one.
WantedPins read_wanted_pins(const std::string &folder);

// A unit of systemd that names the path; empty: none.
std::string unit_that_names(const std::string &path);

// Whether systemd starts a unit at boot, as far as links in its folders tell.
bool is_enabled(const std::string &unit);

} // namespace ipt
