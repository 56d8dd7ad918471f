// SPDX-License-Identifier: GPL-2.0-only
// Binds rule text to the identity of the rules that a packet walked, so that a number never gets another rule's text.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "event/event.h"
#include "ruleset/table_text.h"
#include "util/result.h"

namespace ipt {

// Which table of which network namespace.
struct TableKey {
	uint32_t netns;
	uint8_t family; // the table's
	std::string table;
	bool nft = false; // of nf_tables
	uint64_t netns_cookie =
		0; // of nf_tables, as namespaces that have the same number one after the other count alike

	auto operator<=>(const TableKey &) const = default;
};

TableKey key_of(const Head &head);

// What was read of the rules, and the number of replacements (of any table, anywhere) that had happened by then; of nf_tables,
// of the generation, which is their identity too.
struct Snapshot {
	std::shared_ptr<const TableText> text;
	uint64_t replacements;
	uint64_t ruleset = 0; // their identity, if whoever read them was told
	std::optional<uint64_t> since = {}; // the count from which on they are known to have been the same
};

// Where the text of rules comes from.
class TextSource {
public:
	virtual ~TextSource() = default;
	virtual Result<Snapshot> read(const TableKey &key) = 0;
	// Its rules may be others now: what has to be done at once for those that it has by now.
	virtual void renew(const TableKey &) {}
};

// The text of the rules that a packet walked, or why it is not known.
struct Binding {
	std::shared_ptr<const TableText> text;
	std::string why_not;
};

// A table's rules have an identity that changes with them. The rules as they can be read carry none, but the count of
// replacements does: rules that were read while the count stood at N are those with which events came whose count is N
// too, and, as identities are not used twice, all events of that identity. Where the reader was told which identity the
// rules have, that is all it takes; of nf_tables it always is.
class RulesetStore {
public:
	explicit RulesetStore(TextSource &source) : source_(source) {}

	// What is already known to have been read at this count.
	void offer(const TableKey &key, Snapshot snapshot);

	// Takes note of an event's identity and count; reads the table if its text is not known and may still be there.
	Binding bind(const Head &head);

	// Tables have been replaced, and those that are known here may be among them.
	void renew();

private:
	// The rules of one identity, and between which counts they were seen.
	struct Ruleset {
		uint64_t first;
		uint64_t last;
		std::shared_ptr<const TableText> text;
	};

	struct Table {
		std::map<uint64_t, Ruleset> rulesets;
		std::shared_ptr<const TableText> latest;
		uint64_t latest_count = 0;
		uint64_t latest_since = 0; // what was read holds from this count to that one
		bool read = false;
		std::string failure;
		uint64_t used = 0; // when last, in uses
	};

	Table &table_of(const TableKey &key);
	static Ruleset &ruleset_of(Table &table, uint64_t identity, uint64_t count);
	static void match(Table &table, Ruleset &ruleset);
	static void forget_oldest(Table &table);

	TextSource &source_;
	std::map<TableKey, Table> tables_;
	uint64_t uses_ = 0;
};

} // namespace ipt
