// SPDX-License-Identifier: GPL-2.0-only
#include "match/code/interpret.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <linux/filter.h>
#include <linux/if_ether.h>

namespace ipt {

namespace {

class Machine {
public:
	Machine(const Filter &code, std::span<const uint8_t> packet, uint32_t length)
		: code_(code), packet_(packet), length_(length)
	{
	}

	Judgement run(bool keep_steps);

private:
	bool load();
	bool load_from(int64_t offset, unsigned int size);
	bool load_ancillary(uint32_t what);
	bool calculate();
	bool compare() const;
	bool end(CodeEnd why, uint32_t value = 0);

	uint32_t operand() const { return BPF_SRC(in_.code) == BPF_X ? x_ : in_.k; }

	const Filter &code_;
	std::span<const uint8_t> packet_;
	uint32_t length_;
	Instruction in_{};
	uint32_t a_ = 0;
	uint32_t x_ = 0;
	std::array<uint32_t, BPF_MEMWORDS> memory_{};
	Judgement judgement_;
};

bool Machine::end(CodeEnd why, uint32_t value)
{
	judgement_.end = why;
	judgement_.value = value;
	return false;
}

unsigned int bytes_of(uint16_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	default:
		return 4;
	}
}

// Negative offsets count from the network header, which is where the packet begins, or from the link-layer header, which
// may be there or not.
bool Machine::load_from(int64_t offset, unsigned int size)
{
	if (offset < SKF_LL_OFF)
		return end(CodeEnd::behind_packet);
	if (offset < SKF_NET_OFF)
		return end(CodeEnd::needs_kernel);
	const auto at = static_cast<size_t>(offset < 0 ? offset - SKF_NET_OFF : offset);
	// What was not captured is not known to be missing.
	if (at + size > packet_.size())
		return end(at + size > length_ ? CodeEnd::behind_packet : CodeEnd::not_captured);
	a_ = 0;
	for (unsigned int i = 0; i < size; i++)
		a_ = a_ << 8 | packet_[at + i];
	return true;
}

bool Machine::load_ancillary(uint32_t what)
{
	switch (what) {
	case SKF_AD_PROTOCOL:
		a_ = !packet_.empty() && packet_[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP;
		return true;
	case SKF_AD_ALU_XOR_X:
		a_ ^= x_;
		return true;
	default:
		return end(CodeEnd::needs_kernel);
	}
}

bool Machine::load()
{
	const bool to_x = BPF_CLASS(in_.code) == BPF_LDX;
	uint32_t &to = to_x ? x_ : a_;
	switch (BPF_MODE(in_.code)) {
	case BPF_IMM:
		to = in_.k;
		return true;
	case BPF_MEM:
		to = memory_.at(in_.k);
		return true;
	case BPF_LEN:
		to = length_;
		return true;
	case BPF_MSH: {
		const uint32_t kept = a_;
		if (!load_from(in_.k, 1))
			return false;
		x_ = (a_ & 0xf) * 4;
		a_ = kept;
		return true;
	}
	case BPF_ABS:
		if (in_.k >= static_cast<uint32_t>(SKF_AD_OFF))
			return load_ancillary(in_.k - static_cast<uint32_t>(SKF_AD_OFF));
		[[fallthrough]];
	default:
		return load_from(static_cast<int32_t>(BPF_MODE(in_.code) == BPF_IND ? x_ + in_.k : in_.k),
				 bytes_of(in_.code));
	}
}

// Shifts are by the lowest five bits of X, as the kernel's own instructions do.
bool Machine::calculate()
{
	const uint32_t by = operand();
	switch (BPF_OP(in_.code)) {
	case BPF_ADD:
		a_ += by;
		return true;
	case BPF_SUB:
		a_ -= by;
		return true;
	case BPF_MUL:
		a_ *= by;
		return true;
	case BPF_OR:
		a_ |= by;
		return true;
	case BPF_AND:
		a_ &= by;
		return true;
	case BPF_XOR:
		a_ ^= by;
		return true;
	case BPF_LSH:
		a_ <<= by & 31;
		return true;
	case BPF_RSH:
		a_ >>= by & 31;
		return true;
	case BPF_NEG:
		a_ = -a_;
		return true;
	default:
		break;
	}
	if (by == 0)
		return end(CodeEnd::divided_by_zero);
	a_ = BPF_OP(in_.code) == BPF_DIV ? a_ / by : a_ % by;
	return true;
}

bool Machine::compare() const
{
	const uint32_t with = operand();
	switch (BPF_OP(in_.code)) {
	case BPF_JEQ:
		return a_ == with;
	case BPF_JGT:
		return a_ > with;
	case BPF_JGE:
		return a_ >= with;
	default:
		return (a_ & with) != 0;
	}
}

Judgement Machine::run(bool keep_steps)
{
	for (size_t at = 0; at < code_.size(); at++) {
		in_ = code_[at];
		judgement_.last = { at, a_, x_ };
		if (keep_steps)
			judgement_.steps.push_back(judgement_.last);
		bool goes_on = true;
		switch (BPF_CLASS(in_.code)) {
		case BPF_LD:
		case BPF_LDX:
			goes_on = load();
			break;
		case BPF_ST:
			memory_.at(in_.k) = a_;
			break;
		case BPF_STX:
			memory_.at(in_.k) = x_;
			break;
		case BPF_ALU:
			goes_on = calculate();
			break;
		case BPF_RET:
			goes_on = end(CodeEnd::returned, BPF_RVAL(in_.code) == BPF_A ? a_ : in_.k);
			break;
		case BPF_MISC:
			(BPF_MISCOP(in_.code) == BPF_TAX ? x_ : a_) = BPF_MISCOP(in_.code) == BPF_TAX ? a_ : x_;
			break;
		default:
			if (BPF_OP(in_.code) == BPF_JA) {
				at += in_.k;
			} else {
				judgement_.decision = judgement_.last;
				at += compare() ? in_.jt : in_.jf;
			}
		}
		if (!goes_on)
			break;
	}
	return std::move(judgement_);
}

std::string values(const Filter &code, const CodeStep &step)
{
	const Instruction &in = code[step.at];
	const bool with_x =
		BPF_MODE(in.code) == BPF_IND ||
		(BPF_CLASS(in.code) != BPF_LD && BPF_CLASS(in.code) != BPF_RET && BPF_SRC(in.code) == BPF_X);
	std::string text = BPF_CLASS(in.code) == BPF_LD ? "" : fmt::format("A is {:#x} ({})", step.a, step.a);
	if (with_x)
		text += fmt::format("{}X is {:#x} ({})", text.empty() ? "" : ", ", step.x, step.x);
	return text;
}

std::string step_text(const Filter &code, const CodeStep &step)
{
	const std::string with = values(code, step);
	std::string text = instruction_text(code[step.at], step.at);
	std::replace(text.begin(), text.end(), '\t', ' ');
	return text + (with.empty() ? "" : ": " + with);
}

} // namespace

Judgement interpret(const Filter &code, std::span<const uint8_t> packet, uint32_t length, bool keep_steps)
{
	return Machine(code, packet, length).run(keep_steps);
}

std::string reason(const Filter &code, const Judgement &judgement)
{
	const std::string last = step_text(code, judgement.last);
	switch (judgement.end) {
	case CodeEnd::behind_packet:
		return last + ", behind the end of the packet";
	case CodeEnd::divided_by_zero:
		return last + ", a division by zero";
	case CodeEnd::not_captured:
		return last + ", which was not captured";
	case CodeEnd::needs_kernel:
		return last + ", which only the kernel knows";
	case CodeEnd::returned:
		break;
	}
	return judgement.decision ? step_text(code, *judgement.decision) : last;
}

} // namespace ipt
