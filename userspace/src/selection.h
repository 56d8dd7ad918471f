// SPDX-License-Identifier: GPL-2.0-only
// From options to what the kernel is to look at: which packets, in which network namespaces.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "filter/filter.h"
#include "kmod/session.h"
#include "netns/netns.h"

namespace ipt {

// Some namespaces, or all.
struct Place {
	bool everywhere = false;
	std::vector<Netns> known; // those, or those whose rules can be read ahead

	// "netns web", "all network namespaces".
	std::string in_words(NetnsNames &names) const;
};

Result<Place> find_place(const Options &options);

// The expression, without the connection that shows the trace, unless that is asked for.
struct Expression {
	FilterRequest request;
	std::string in_words;
};

Expression expression_of(const Options &options);

// What is asked of packets besides, with what has to be open until the module has seen it.
struct SelectRequest {
	Select select{};
	Fd cgroup;
};

Result<SelectRequest> select_request(const Options &options);

// That some packets belong to nobody, where it is asked to whom they belong; else empty.
std::string owner_note(const SelectOptions &options);

// Hands all of it to the module.
Status configure(const Session &session, const Filter &filter, const Place &place, const SelectRequest &request);

} // namespace ipt
