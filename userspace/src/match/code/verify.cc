// SPDX-License-Identifier: GPL-2.0-only
#include "match/code/verify.h"

#include <algorithm>
#include <fmt/core.h>
#include <initializer_list>
#include <linux/filter.h>
#include <linux/if_ether.h>

namespace ipt {

namespace {

// Distance between the kernel's numbers for what it knows about a packet: SKF_AD_PROTOCOL is 0, the next one 4.
constexpr uint32_t kAncillaryStep = 4;
constexpr uint32_t kAncillary = static_cast<uint32_t>(SKF_AD_OFF);

bool is_one_of(uint16_t code, std::initializer_list<unsigned int> codes)
{
	return std::any_of(codes.begin(), codes.end(), [code](unsigned int one) { return one == code; });
}

bool is_conditional_jump(uint16_t code)
{
	return BPF_CLASS(code) == BPF_JMP && BPF_OP(code) != BPF_JA;
}

bool is_store(uint16_t code)
{
	return code == BPF_ST || code == BPF_STX;
}

bool reads_memory(uint16_t code)
{
	return code == (BPF_LD | BPF_MEM) || code == (BPF_LDX | BPF_MEM);
}

bool is_arithmetic(uint16_t code)
{
	const unsigned int rest = code & ~(BPF_ALU | BPF_X | 0xf0);
	return rest == 0 && BPF_CLASS(code) == BPF_ALU &&
	       (BPF_OP(code) <= BPF_RSH || code == (BPF_ALU | BPF_NEG) || BPF_OP(code) == BPF_MOD ||
		BPF_OP(code) == BPF_XOR);
}

bool is_jump(uint16_t code)
{
	if (code == (BPF_JMP | BPF_JA))
		return true;
	const unsigned int rest = code & ~(BPF_JMP | BPF_X | 0xf0);
	return rest == 0 && BPF_CLASS(code) == BPF_JMP &&
	       (BPF_OP(code) == BPF_JEQ || BPF_OP(code) == BPF_JGE || BPF_OP(code) == BPF_JGT ||
		BPF_OP(code) == BPF_JSET);
}

bool is_known(uint16_t code)
{
	return is_arithmetic(code) || is_jump(code) || is_store(code) || reads_memory(code) ||
	       is_one_of(code, { BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_B | BPF_ABS,
				 BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_H | BPF_IND, BPF_LD | BPF_B | BPF_IND,
				 BPF_LD | BPF_W | BPF_LEN, BPF_LD | BPF_IMM, BPF_LDX | BPF_W | BPF_LEN,
				 BPF_LDX | BPF_B | BPF_MSH, BPF_LDX | BPF_IMM, BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA,
				 BPF_RET | BPF_K, BPF_RET | BPF_A });
}

bool is_ancillary(uint32_t k)
{
	return k >= kAncillary && k - kAncillary < SKF_AD_MAX && (k - kAncillary) % kAncillaryStep == 0;
}

// What is wrong with an instruction by itself; nothing: empty.
std::string fault(const Filter &code, size_t at)
{
	const Instruction &in = code[at];
	const size_t rest = code.size() - at - 1;
	if (!is_known(in.code))
		return fmt::format("{:#x} is no instruction", in.code);
	if (is_one_of(in.code, { BPF_ALU | BPF_DIV | BPF_K, BPF_ALU | BPF_MOD | BPF_K }) && in.k == 0)
		return "it divides by zero";
	if (is_one_of(in.code, { BPF_ALU | BPF_LSH | BPF_K, BPF_ALU | BPF_RSH | BPF_K }) && in.k >= 32)
		return fmt::format("it shifts by {} bits of 32", in.k);
	if ((is_store(in.code) || reads_memory(in.code)) && in.k >= BPF_MEMWORDS)
		return fmt::format("there is no memory word {}, the last one is {}", in.k, BPF_MEMWORDS - 1);
	if (in.code == (BPF_JMP | BPF_JA) && in.k >= rest)
		return "it jumps behind the end";
	if (is_conditional_jump(in.code) && (in.jt >= rest || in.jf >= rest))
		return "it jumps behind the end";
	if (BPF_CLASS(in.code) == BPF_LD && BPF_MODE(in.code) == BPF_ABS && in.k >= kAncillary && !is_ancillary(in.k))
		return fmt::format("offset {:#x} stands for nothing that the kernel knows", in.k);
	return {};
}

std::string where(const Filter &code, size_t at)
{
	return fmt::format("instruction {}, \"{}\"", at, instruction_text(code[at], at));
}

// Each word of memory is written, on every way, before it is read.
Status check_memory(const Filter &code)
{
	std::vector<uint16_t> written_at(code.size(), 0xffff);
	uint16_t written = 0;
	for (size_t at = 0; at < code.size(); at++) {
		const Instruction &in = code[at];
		written &= written_at[at];
		if (is_store(in.code)) {
			written = static_cast<uint16_t>(written | 1U << in.k);
		} else if (reads_memory(in.code) && !(written & 1U << in.k)) {
			return Error{ fmt::format("{}: it reads memory word {} that nothing has written",
						  where(code, at), in.k) };
		} else if (is_jump(in.code)) {
			const bool always = BPF_OP(in.code) == BPF_JA;
			written_at[at + 1 + (always ? in.k : in.jt)] &= written;
			written_at[at + 1 + (always ? in.k : in.jf)] &= written;
			written = 0xffff;
		}
	}
	return {};
}

} // namespace

Status verify(const Filter &code)
{
	if (code.empty())
		return Error{ "there are no instructions" };
	for (size_t at = 0; at < code.size(); at++) {
		const std::string wrong = fault(code, at);
		if (!wrong.empty())
			return Error{ fmt::format("{}: {}", where(code, at), wrong) };
	}
	if (!is_one_of(code.back().code, { BPF_RET | BPF_K, BPF_RET | BPF_A }))
		return Error{ fmt::format("{}: it is the last one, and returns nothing",
					  where(code, code.size() - 1)) };
	return check_memory(code);
}

bool is_for_ethernet(const Filter &code)
{
	constexpr uint32_t type_offset = 12;
	for (size_t i = 0; i + 1 < code.size(); i++) {
		const Instruction &next = code[i + 1];
		if (code[i].code == (BPF_LD | BPF_H | BPF_ABS) && code[i].k == type_offset &&
		    next.code == (BPF_JMP | BPF_JEQ | BPF_K) &&
		    (next.k == ETH_P_IP || next.k == ETH_P_IPV6 || next.k == ETH_P_ARP || next.k == ETH_P_8021Q))
			return true;
	}
	return false;
}

} // namespace ipt
