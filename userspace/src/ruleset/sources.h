// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "ruleset/store.h"

namespace ipt {

// Where the text of each table comes from: whoever wants it need not know that there are two back ends.
class TextSources : public TextSource {
public:
	TextSources(TextSource &legacy, TextSource &nft) : legacy_(legacy), nft_(nft) {}

	Result<Snapshot> read(const TableKey &key) override { return of(key).read(key); }
	void renew(const TableKey &key) override { of(key).renew(key); }

private:
	TextSource &of(const TableKey &key) { return key.nft ? nft_ : legacy_; }

	TextSource &legacy_;
	TextSource &nft_;
};

} // namespace ipt
