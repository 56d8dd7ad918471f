// SPDX-License-Identifier: GPL-2.0-only
// Rules of nf_tables: which text is of which, by what the kernel lists of a table.
#pragma once

#include <string_view>

#include "ruleset/nft_tables.h"
#include "ruleset/table_text.h"
#include "util/result.h"

namespace ipt {

// Whether the name is one of iptables' own.
bool is_iptables_table(const NftTable &table);

// What iptables-nft-save printed, if that is the table: it passes over rules that it cannot show, and of others over sets.
std::optional<TableText> text_of_save(std::string_view output, const NftTable &table);

// What `nft -a list table` printed.
Result<TableText> text_of_list(std::string_view output, const NftTable &table);

} // namespace ipt
