// SPDX-License-Identifier: GPL-2.0-only
// iptables-bpf export: saved rules as any iptables can restore them.
#pragma once

#include <string>

#include "match/code/expression.h"
#include "match/command/console.h"

namespace ipt {

struct ExportOptions {
	std::string file = "-";
	Family family = Family::any; // any: as the text says
};

// What revision 1 cannot say stays as it is, so that a restore of the text refuses all of it rather than leave a rule out.
struct Exported {
	std::string text;
	std::vector<std::string> left; // "LINE: why", one for each match
	size_t changed = 0; // rules
};

Exported export_rules(std::string_view text, Family family);

Outcome export_file(const ExportOptions &options, Console &console);

} // namespace ipt
