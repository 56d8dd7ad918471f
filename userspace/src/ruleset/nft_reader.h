// SPDX-License-Identifier: GPL-2.0-only
// Reads rules of nf_tables, in the network namespace where they are: those of tables that iptables-nft has made as
// iptables-nft-save prints them, others as nft does.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "netns/netns.h"
#include "ruleset/nft_tables.h"
#include "ruleset/save_tool.h"
#include "ruleset/store.h"

namespace ipt {

class NftReader : public TextSource {
public:
	Result<Snapshot> read(const TableKey &key) override;

	// All that there is in a namespace, so that rules which are replaced early in the session are known too.
	void read_all(const Netns &netns, RulesetStore &store);

private:
	// A table and the generation that it is of.
	struct Listed {
		NftTable table;
		uint64_t generation;
	};

	// What was read of a table, which holds as long as the kernel lists the same.
	struct Known {
		NftTable table;
		uint64_t since = 0; // the generation in which it was listed first
		std::shared_ptr<const TableText> text;
		std::string failure; // to read it
	};

	Result<Snapshot> read_here(const TableKey &key);
	// Nothing: it was changed meanwhile.
	static Result<std::optional<Listed>> list(const TableKey &key);
	Result<TableText> text_of(const NftTable &table);
	std::optional<TableText> saved(const NftTable &table);

	SaveTools tools_;
	std::map<TableKey, Known> known_;
};

} // namespace ipt
