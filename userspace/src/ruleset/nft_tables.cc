// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/nft_tables.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fmt/core.h>
#include <functional>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <unistd.h>

#include "event/event.h"
#include "util/kernel_symbols.h"
#include "util/nfnetlink.h"

namespace ipt {

namespace {

// Rules that change while they are listed are asked for again, but not for ever.
constexpr int kTries = 4;
// As long as the names of events can be.
constexpr size_t kCutName = IPT_EVENT_NAME_LEN - 1;

// The attributes of a message, or those that are in one of them, by their numbers.
class Attributes {
public:
	explicit Attributes(const nlmsghdr *message) { mnl_attr_parse(message, sizeof(nfgenmsg), add, this); }
	explicit Attributes(const nlattr *nest) { mnl_attr_parse_nested(nest, add, this); }

	const nlattr *find(uint16_t type) const
	{
		const auto found = std::find_if(all_.begin(), all_.end(), [type](const nlattr *attribute) {
			return mnl_attr_get_type(attribute) == type;
		});
		return found == all_.end() ? nullptr : *found;
	}
	const std::vector<const nlattr *> &all() const { return all_; }
	std::string text(uint16_t type) const
	{
		const nlattr *attribute = find(type);
		if (!attribute)
			return {};
		const auto *text = static_cast<const char *>(mnl_attr_get_payload(attribute));
		return { text, strnlen(text, mnl_attr_get_payload_len(attribute)) };
	}
	template <typename T>
	std::optional<T> number(uint16_t type) const
	{
		const nlattr *attribute = find(type);
		if (!attribute || mnl_attr_get_payload_len(attribute) != sizeof(T))
			return std::nullopt;
		T value;
		std::memcpy(&value, mnl_attr_get_payload(attribute), sizeof(value));
		if constexpr (sizeof(T) == sizeof(uint64_t))
			return be64toh(value);
		else
			return ntohl(value);
	}

private:
	static int add(const nlattr *attribute, void *to)
	{
		static_cast<Attributes *>(to)->all_.push_back(attribute);
		return MNL_CB_OK;
	}

	std::vector<const nlattr *> all_;
};

using Each = std::function<void(uint8_t family, const Attributes &attributes)>;

int call_each(const nlmsghdr *message, void *data)
{
	const auto *body = static_cast<const nfgenmsg *>(mnl_nlmsg_get_payload(message));
	(*static_cast<const Each *>(data))(body->nfgen_family, Attributes(message));
	return MNL_CB_OK;
}

// One request and its answers, as ask_nfnetlink() has it. table: whose rules; empty: all.
int ask_once(uint16_t message, uint16_t flags, uint8_t family, const std::string &table, Each each)
{
	return ask_nfnetlink(
		[&](char *room, uint32_t sequence) {
			nlmsghdr *request = mnl_nlmsg_put_header(room);
			request->nlmsg_type = static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
			request->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
			request->nlmsg_seq = sequence;
			auto *body = static_cast<nfgenmsg *>(mnl_nlmsg_put_extra_header(request, sizeof(nfgenmsg)));
			*body = { .nfgen_family = family, .version = NFNETLINK_V0 };
			if (!table.empty())
				mnl_attr_put_strz(request, NFTA_RULE_TABLE, table.c_str());
			return request;
		},
		call_each, &each);
}

Error failed(int error)
{
	return { fmt::format("cannot list nf_tables: {}",
			     error == EINTR ? "it changes faster than it can be read" : std::strerror(error)),
		 error };
}

// begin: forgets what came of a try before.
Status list(uint16_t message, uint8_t family, const std::string &table, const std::function<void()> &begin,
	    const Each &each)
{
	int error = 0;
	for (int i = 0; i < kTries; i++) {
		begin();
		error = ask_once(message, NLM_F_DUMP, family, table, each);
		if (error != EINTR)
			break;
	}
	if (error)
		return failed(error);
	return {};
}

bool is_name(const std::string &name, const std::string &wanted)
{
	return name == wanted || (wanted.size() == kCutName && name.starts_with(wanted));
}

NftChain chain_from(const Attributes &attributes)
{
	NftChain chain{ .name = attributes.text(NFTA_CHAIN_NAME),
			.handle = attributes.number<uint64_t>(NFTA_CHAIN_HANDLE).value_or(0) };
	if (const nlattr *hook = attributes.find(NFTA_CHAIN_HOOK))
		chain.hook = Attributes(hook).number<uint32_t>(NFTA_HOOK_HOOKNUM);
	if (const auto policy = attributes.number<uint32_t>(NFTA_CHAIN_POLICY))
		chain.policy = *policy == NF_DROP ? "drop" : "accept";
	return chain;
}

Result<std::vector<NftChain>> chains_of(const NftTable &table)
{
	std::vector<NftChain> chains;
	const Status status = list(
		NFT_MSG_GETCHAIN, table.family, {}, [&] { chains.clear(); },
		[&](uint8_t family, const Attributes &attributes) {
			if (family == table.family && attributes.text(NFTA_CHAIN_TABLE) == table.name)
				chains.push_back(chain_from(attributes));
		});
	if (!status)
		return status.error();
	return chains;
}

// Of its expressions those that are matches of x_tables, as nft_compat calls them, and whether any is a look-up.
NftRule rule_from(uint64_t handle, const Attributes &attributes)
{
	NftRule rule{ .handle = handle };
	const nlattr *list = attributes.find(NFTA_RULE_EXPRESSIONS);
	if (!list)
		return rule;
	const Attributes expressions(list);
	for (const nlattr *element : expressions.all()) {
		const Attributes expression(element);
		const nlattr *data = expression.find(NFTA_EXPR_DATA);
		const std::string name = expression.text(NFTA_EXPR_NAME);
		if (data && name == "match")
			rule.matches.push_back(Attributes(data).text(NFTA_MATCH_NAME));
		rule.has_set |= name == "lookup";
	}
	return rule;
}

// The rules of a chain follow one another.
Status read_rules(NftTable &table)
{
	NftChain *last = nullptr;
	const auto chain_of = [&](const std::string &name) {
		if (!last || last->name != name) {
			const auto found = std::find_if(table.chains.begin(), table.chains.end(),
							[&name](const NftChain &chain) { return chain.name == name; });
			last = found == table.chains.end() ? nullptr : &*found;
		}
		return last;
	};
	return list(
		NFT_MSG_GETRULE, table.family, table.name,
		[&] {
			for (NftChain &chain : table.chains)
				chain.rules.clear();
		},
		[&](uint8_t family, const Attributes &attributes) {
			const auto handle = attributes.number<uint64_t>(NFTA_RULE_HANDLE);
			if (family != table.family || attributes.text(NFTA_RULE_TABLE) != table.name || !handle)
				return;
			if (NftChain *chain = chain_of(attributes.text(NFTA_RULE_CHAIN)))
				chain->rules.push_back(rule_from(*handle, attributes));
		});
}

} // namespace

bool has_nf_tables()
{
	// Where it is built in it is no module.
	return access("/sys/module/nf_tables", F_OK) == 0 || kernel_has("nft_do_chain").value_or(false);
}

Result<uint32_t> nft_generation()
{
	std::optional<uint32_t> generation;
	const int error =
		ask_once(NFT_MSG_GETGEN, NLM_F_ACK, NFPROTO_UNSPEC, {}, [&](uint8_t, const Attributes &attributes) {
			generation = attributes.number<uint32_t>(NFTA_GEN_ID);
		});
	if (error || !generation)
		return failed(error ? error : EPROTO);
	return *generation;
}

Result<std::vector<NftTable>> nft_tables()
{
	std::vector<NftTable> tables;
	const Status status = list(
		NFT_MSG_GETTABLE, NFPROTO_UNSPEC, {}, [&] { tables.clear(); },
		[&](uint8_t family, const Attributes &attributes) {
			tables.push_back({ .family = family,
					   .name = attributes.text(NFTA_TABLE_NAME),
					   .handle = attributes.number<uint64_t>(NFTA_TABLE_HANDLE).value_or(0) });
		});
	if (!status)
		return status.error();
	return tables;
}

Result<std::optional<NftTable>> nft_table(uint8_t family, const std::string &name)
{
	auto tables = nft_tables();
	if (!tables)
		return tables.error();
	const auto is_wanted = [&](const NftTable &table) {
		return table.family == family && is_name(table.name, name);
	};
	const auto found = std::find_if(tables->begin(), tables->end(), is_wanted);
	// Which one a name that was cut stands for has to be certain.
	if (found == tables->end() || std::find_if(found + 1, tables->end(), is_wanted) != tables->end())
		return std::optional<NftTable>();
	auto chains = chains_of(*found);
	if (!chains)
		return chains.error();
	found->chains = std::move(*chains);
	if (const Status status = read_rules(*found); !status)
		return status.error();
	return std::optional<NftTable>(std::move(*found));
}

bool has_base_chain(const NftTable &table)
{
	const auto chains = chains_of(table);
	return chains && std::any_of(chains->begin(), chains->end(),
				     [](const NftChain &chain) { return chain.hook.has_value(); });
}

} // namespace ipt
