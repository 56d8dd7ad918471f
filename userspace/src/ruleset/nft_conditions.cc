// SPDX-License-Identifier: GPL-2.0-only
#include "ruleset/nft_conditions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "ruleset/save_lines.h"
#include "util/printable.h"

namespace ipt {

namespace {

using Op = NftCondition::Op;

struct Token {
	std::string text;
	bool quoted;
	size_t begin;
	size_t end;
};

// Commas behind a word are tokens of their own; those in a word are part of it: "established,related".
std::vector<Token> tokens_of(std::string_view line)
{
	std::vector<Token> tokens;
	for (Word &word : split_words(line)) {
		const bool quoted = line[word.begin] == '"';
		const bool comma = !quoted && word.text.size() > 1 && word.text.ends_with(',');
		if (comma)
			word.text.pop_back();
		tokens.push_back({ std::move(word.text), quoted, word.begin, word.end - comma });
		if (comma)
			tokens.push_back({ ",", false, word.end - 1, word.end });
	}
	return tokens;
}

template <size_t N>
bool is_one_of(const std::array<std::string_view, N> &words, std::string_view word)
{
	return std::find(words.begin(), words.end(), word) != words.end();
}

// Conditions that are a word, and those that are two.
constexpr std::array<std::string_view, 6> kSingle{ "iif", "oif", "iifname", "oifname", "iifgroup", "oifgroup" };
constexpr std::array<std::string_view, 14> kFirst{ "ip", "ip6",	 "tcp",	   "udp",   "sctp", "dccp", "udplite",
						   "th", "icmp", "icmpv6", "ether", "meta", "ct",   "arp" };
// Behind "ct", "ip" and others there is also what has a form of its own.
constexpr std::array<std::string_view, 8> kOtherForms{ "count",	  "original",	 "reply", "option",
						       "timeout", "expectation", "time",  "hour" };
// What ends a rule, or does something and never says no; what it is to do follows.
constexpr std::array<std::string_view, 13> kEnds{ "accept",   "drop",	"jump",	   "goto",    "return",
						  "continue", "reject", "queue",   "notrack", "masquerade",
						  "snat",     "dnat",	"redirect" };
// Of those: what changes more of a packet than a mark.
constexpr std::array<std::string_view, 5> kChanging{ "notrack", "masquerade", "snat", "dnat", "redirect" };
// Of what is not read: what begins a question, and by what it is known not to be one alone.
constexpr std::array<std::string_view, 13> kAsking{ "fib", "ct",     "socket", "rt",	 "quota",  "meta", "ip",
						    "tcp", "exthdr", "add",    "update", "numgen", "arp" };
constexpr std::array<std::string_view, 7> kDoing{ "set", "reset", "xt", "tproxy", "synproxy", "dup", "fwd" };
constexpr std::array<std::string_view, 6> kLogOptions{
	"prefix", "level", "group", "snaplen", "queue-threshold", "flags"
};

std::optional<Op> op_of(const Token &token)
{
	static constexpr std::array<std::pair<std::string_view, Op>, 7> ops{ { { "==", Op::equal },
									       { "!=", Op::unequal },
									       { "<", Op::less },
									       { ">", Op::greater },
									       { "<=", Op::at_most },
									       { ">=", Op::at_least },
									       { "!", Op::unset } } };
	const auto found =
		std::find_if(ops.begin(), ops.end(), [&token](const auto &op) { return op.first == token.text; });
	return token.quoted || found == ops.end() ? std::nullopt : std::optional(found->second);
}

bool is_number(const Token &token)
{
	return !token.quoted && !token.text.empty() && token.text[0] >= '0' && token.text[0] <= '9';
}

// Reads a rule from its beginning, as far as it can be read.
class Reader {
public:
	explicit Reader(std::string_view line) : line_(line), tokens_(tokens_of(line)) {}

	NftConditions read();

private:
	bool more() const { return at_ < tokens_.size(); }
	bool is(std::string_view word) const { return is_at(at_, word); }
	bool is_at(size_t at, std::string_view word) const
	{
		return at < tokens_.size() && !tokens_[at].quoted && tokens_[at].text == word;
	}
	bool skip(std::string_view word)
	{
		const bool there = is(word);
		at_ += there;
		return there;
	}

	bool take_condition();
	std::string take_key();
	std::string take_fib();
	bool take_operator(NftCondition &condition);
	bool take_value(NftCondition &condition);
	bool take_set(NftCondition &condition);
	bool take_bits(std::string &bits);
	bool take_limit();
	bool take_xt_match();
	bool take_mark(); // also the trace's
	void take_counter();
	void take_log();
	void add(NftCondition condition, size_t first);
	bool may_touch() const;
	bool may_mark() const;

	std::string_view line_;
	std::vector<Token> tokens_;
	size_t at_ = 0;
	bool has_touched_ = false;
	NftConditions result_;
};

void Reader::add(NftCondition condition, size_t first)
{
	const size_t begin = tokens_[first].begin;
	condition.text = printable(line_.substr(begin, tokens_[at_ - 1].end - begin));
	result_.touches |= has_touched_;
	result_.marks_unmet |= has_touched_;
	result_.conditions.push_back(std::move(condition));
}

// "fib saddr . iif oif", "fib daddr type".
std::string Reader::take_fib()
{
	static constexpr std::array<std::string_view, 5> inputs{ "saddr", "daddr", "mark", "iif", "oif" };
	static constexpr std::array<std::string_view, 3> results{ "type", "oif", "oifname" };
	std::string key = "fib";
	at_++;
	do {
		if (!more() || !is_one_of(inputs, tokens_[at_].text))
			return {};
		key += (key == "fib" ? " " : " . ") + tokens_[at_++].text;
	} while (skip("."));
	if (!more() || !is_one_of(results, tokens_[at_].text))
		return {};
	return key + " " + tokens_[at_++].text;
}

// Empty: this is none.
std::string Reader::take_key()
{
	if (!more() || tokens_[at_].quoted)
		return {};
	if (is("fib"))
		return take_fib();
	const std::string &first = tokens_[at_].text;
	if (is_one_of(kSingle, first))
		return tokens_[at_++].text;
	if (!is_one_of(kFirst, first) || at_ + 1 == tokens_.size() || tokens_[at_ + 1].quoted ||
	    is_one_of(kOtherForms, tokens_[at_ + 1].text))
		return {};
	at_ += 2;
	const std::string &second = tokens_[at_ - 1].text;
	// "arp saddr ip"
	if (first != "arp" || (second != "saddr" && second != "daddr"))
		return first + " " + second;
	if (!more() || tokens_[at_].quoted)
		return {};
	return first + " " + second + " " + tokens_[at_++].text;
}

// "fin,syn", "(fin | syn)", "0xff".
bool Reader::take_bits(std::string &bits)
{
	const bool in_parentheses = more() && !tokens_[at_].quoted && tokens_[at_].text.starts_with('(');
	do {
		if (!more() || tokens_[at_].quoted)
			return false;
		bits += (bits.empty() ? "" : ",") + tokens_[at_++].text;
	} while (in_parentheses && skip("|"));
	if (in_parentheses) {
		if (!bits.ends_with(')'))
			return false;
		bits = bits.substr(1, bits.size() - 2);
	}
	return bits.find_first_of("()") == std::string::npos;
}

bool Reader::take_operator(NftCondition &condition)
{
	if (skip("&") && !take_bits(condition.mask))
		return false;
	if (more()) {
		if (const auto op = op_of(tokens_[at_])) {
			condition.op = *op;
			at_++;
		}
	}
	return condition.mask.empty() || condition.op != Op::implicit;
}

// "{ 22, 80 }", "{ 192.0.2.1 . 22 }", of a map "{ 22 : accept }".
bool Reader::take_set(NftCondition &condition)
{
	condition.is_set = true;
	NftCondition::Element element(1);
	bool of_key = true;
	for (; more(); at_++) {
		const Token &token = tokens_[at_];
		const bool ends = !token.quoted && token.text == "}";
		if (ends || (!token.quoted && token.text == ",")) {
			condition.elements.push_back(std::exchange(element, NftCondition::Element(1)));
			of_key = true;
		} else if (!token.quoted && token.text == ":") {
			of_key = false;
		} else if (of_key && !token.quoted && token.text == ".") {
			element.emplace_back();
		} else if (of_key) {
			const bool one_of_bits = !token.quoted && token.text == "|";
			element.back().text += one_of_bits ? "," : token.text;
			element.back().quoted |= token.quoted;
		}
		if (ends) {
			at_++;
			return true;
		}
	}
	return false;
}

bool Reader::take_value(NftCondition &condition)
{
	if (!more())
		return false;
	if (skip("{"))
		return take_set(condition);
	if (!tokens_[at_].quoted && tokens_[at_].text.starts_with('@')) {
		at_++;
		return true;
	}
	NftCondition::Value value;
	if (tokens_[at_].quoted)
		value = { tokens_[at_++].text, true };
	else if (!take_bits(value.text))
		return false;
	condition.elements.push_back({ std::move(value) });
	return !skip("/") || take_bits(condition.mask);
}

// False: it cannot be told where it ends.
bool Reader::take_condition()
{
	const size_t first = at_;
	NftCondition condition;
	do {
		std::string key = take_key();
		if (key.empty())
			return false;
		condition.keys.push_back(std::move(key));
	} while (skip("."));
	if (is("set"))
		return false;
	skip("vmap");
	if (!take_operator(condition) || !take_value(condition))
		return false;
	// More of an expression than is read here.
	static constexpr std::array<std::string_view, 8> goes_on{ "|", "&", "^", "<<", ">>", ".", "map", "/" };
	if (more() && !tokens_[at_].quoted && is_one_of(goes_on, tokens_[at_].text))
		return false;
	add(std::move(condition), first);
	return true;
}

// "limit rate over 10/second burst 5 packets", "limit rate 1 mbytes/second".
bool Reader::take_limit()
{
	const size_t first = at_;
	if (!skip("limit") || !skip("rate"))
		return false;
	skip("over");
	const auto take_amount = [this](std::string_view must_have) {
		if (!more() || !is_number(tokens_[at_]))
			return false;
		const bool with_unit = tokens_[at_].text.find(must_have) == std::string::npos;
		at_ += 1 + with_unit;
		return at_ <= tokens_.size() && tokens_[at_ - 1].text.find(must_have) != std::string::npos;
	};
	if (!take_amount("/") || (skip("burst") && !take_amount("s")))
		return false;
	add({}, first);
	return true;
}

// "xt match "bpf"", for which nft has no words of its own. Those of iptables may stand before it: "# ... xt match bpf".
bool Reader::take_xt_match()
{
	const auto is_match = [this] { return is("xt") && is_at(at_ + 1, "match"); };
	if (is("#")) {
		while (more() && !is_match())
			at_++;
	}
	const size_t first = at_;
	if (!is_match() || at_ + 2 >= tokens_.size())
		return false;
	at_ += 3;
	NftCondition condition;
	condition.is_xt_match = true;
	add(std::move(condition), first);
	return true;
}

// "meta mark set 0x5"
bool Reader::take_mark()
{
	const bool is_mark = (is("meta") || is("ct")) && is_at(at_ + 1, "mark");
	const bool is_trace = is("meta") && is_at(at_ + 1, "nftrace");
	if ((!is_mark && !is_trace) || !is_at(at_ + 2, "set") || at_ + 3 >= tokens_.size() ||
	    !is_number(tokens_[at_ + 3]))
		return false;
	at_ += 4;
	has_touched_ |= is_mark;
	return true;
}

void Reader::take_counter()
{
	if (skip("name"))
		at_++;
	else if (skip("packets"))
		at_ += 3;
}

void Reader::take_log()
{
	while (more() && !tokens_[at_].quoted && is_one_of(kLogOptions, tokens_[at_].text)) {
		const bool flags = is("flags");
		at_++;
		// "flags tcp sequence,options", "flags all"
		if (flags && (is("tcp") || is("ip")))
			at_++;
		at_++;
	}
}

// Whether what is left open may do something to the packet: unless it begins with what only asks and has no word of those that
// do something.
bool Reader::may_touch() const
{
	if (!is_one_of(kAsking, tokens_[at_].text))
		return true;
	for (size_t at = at_; at < tokens_.size(); at++) {
		const Token &token = tokens_[at];
		const bool asks = is_at(at, "xt") && is_at(at + 1, "match");
		if (!token.quoted && !asks && (is_one_of(kDoing, token.text) || is_one_of(kChanging, token.text)))
			return true;
	}
	return false;
}

NftConditions Reader::read()
{
	while (more()) {
		const size_t first = at_;
		if (skip("counter")) {
			take_counter();
		} else if (skip("log")) {
			take_log();
		} else if (is("comment")) {
			return result_;
		} else if (!tokens_[at_].quoted && is_one_of(kEnds, tokens_[at_].text)) {
			result_.changes = is_one_of(kChanging, tokens_[at_].text);
			const bool asks_map =
				std::any_of(tokens_.begin() + static_cast<std::ptrdiff_t>(at_), tokens_.end(),
					    [](const Token &token) { return token.text == "map"; });
			if (!asks_map)
				return result_;
			break;
		} else if (!take_mark() && !take_xt_match() && !take_limit()) {
			at_ = first;
			if (take_condition())
				continue;
			at_ = first;
			break;
		}
	}
	at_ = std::min(at_, tokens_.size());
	if (!more())
		return result_;
	result_.open = printable(line_.substr(tokens_[at_].begin));
	result_.changes = may_touch();
	result_.touches |= has_touched_ || result_.changes;
	result_.marks_unmet |= has_touched_ || may_mark();
	return result_;
}

// In what was not read.
bool Reader::may_mark() const
{
	return std::any_of(tokens_.begin() + static_cast<std::ptrdiff_t>(at_), tokens_.end(), [](const Token &token) {
		return token.text.ends_with("mark") || token.text.ends_with("MARK");
	});
}

} // namespace

NftConditions parse_nft_conditions(std::string_view rule)
{
	return Reader(rule).read();
}

} // namespace ipt
