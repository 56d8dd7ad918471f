// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

#include "pipeline/explain.h"
#include "sink/look.h"

namespace ipt {

// A packet as a block of text: a head line, then table by table the rules it met, user chains indented.
class TreeText {
public:
	explicit TreeText(Look look) : look_(std::move(look)) {}

	std::string packet(const PacketTrace &trace) const;
	// One walk alone, behind the one before it, if any.
	void add_traversal(std::string &block, const Traversal &traversal, const Traversal *before) const;
	std::string head_line(const PacketTrace &trace) const;
	std::string origin_line(const Origin &origin) const;
	// Empty if it is nobody's.
	std::string owner_line(const PacketTrace &trace) const;
	std::string last_line(const PacketTrace &trace) const;

private:
	void add_rules(std::string &block, const Traversal &traversal) const;
	void add_passed(std::string &block, size_t indent, const std::vector<Passed> &rules,
			const Traversal &traversal) const;
	void add_matched(std::string &block, size_t indent, const std::vector<const Match *> &asked,
			 const RuleText *rule, const Traversal &traversal) const;
	void add_programs(std::string &block, size_t indent, const std::vector<const Match *> &asked,
			  const RuleText *rule) const;
	std::string cost(const std::vector<const Match *> &asked, const Traversal &traversal) const;

	Look look_;
};

} // namespace ipt
