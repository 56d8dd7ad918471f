// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <linux/filter.h>
#include <random>
#include <sys/socket.h>

#include "match/code/bytecode.h"
#include "match/code/expression.h"
#include "match/code/verify.h"
#include "util/fd.h"

namespace ipt {
namespace {

const char *const kTcp = "4,48 0 0 9,21 0 1 6,6 0 0 65535,6 0 0 0";

std::string parse_error(std::string_view text)
{
	const auto code = parse_bytecode(text);
	return code ? "" : code.error().message;
}

TEST(Bytecode, one_line_and_many_are_the_same)
{
	const auto line = parse_bytecode(kTcp);
	ASSERT_TRUE(line);
	ASSERT_EQ(line->size(), 4U);
	EXPECT_EQ((*line)[1].k, 6U);
	for (const char *text :
	     { "4\n48 0 0 9\n21 0 1 6\n6 0 0 65535\n6 0 0 0\n", " 4 , 48 0  0 9 ,21 0 1 6,6 0 0 65535,6 0 0 0,",
	       "4\r\n48 0 0 9\r\n21 0 1 6\r\n6 0 0 65535\r\n6 0 0 0\r\n" }) {
		const auto code = parse_bytecode(text);
		ASSERT_TRUE(code) << text;
		EXPECT_EQ(bytecode_text(*code), kTcp);
	}
}

TEST(Bytecode, numbers_are_taken_whole_or_not_at_all)
{
	EXPECT_TRUE(parse_bytecode("1,6 255 255 4294967295"));
	for (const char *wrong : { "1,65536 0 0 0", "1,6 256 0 0", "1,6 0 256 0", "1,6 0 0 4294967296", "1,6 0 0 -1",
				   "1,6 0 0 1z", "1,6 0 0", "1,6 0 0 0 0", "1,+6 0 0 0", "1,6 0 0 0x1" })
		EXPECT_NE(parse_error(wrong).find("instruction 0"), std::string::npos)
			<< wrong << ": " << parse_error(wrong);
	EXPECT_NE(parse_error("2,6 0 0 1,6 0 0 1z").find("\"6 0 0 1z\""), std::string::npos);
}

TEST(Bytecode, the_length_is_right)
{
	EXPECT_NE(parse_error("2,6 0 0 1").find("has 2 instructions, and has 1"), std::string::npos);
	EXPECT_NE(parse_error("1,6 0 0 1,6 0 0 1").find("has 1 instructions, and has more"), std::string::npos);
	EXPECT_NE(parse_error("0").find("no instructions"), std::string::npos);
	EXPECT_NE(parse_error("4097,6 0 0 1").find("at most 4096"), std::string::npos);
	for (const char *wrong : { "", "x", "-1,6 0 0 1", "99999999999999999999,6 0 0 1" })
		EXPECT_NE(parse_error(wrong).find("number of instructions"), std::string::npos) << wrong;
}

TEST(Bytecode, as_c_and_in_words)
{
	const auto code = parse_bytecode(kTcp);
	EXPECT_NE(c_text(*code).find("{ 0x0015, 0, 1, 0x00000006 },\n"), std::string::npos);
	EXPECT_NE(disassembly(*code).find("(001) jeq      #0x6             jt 2	jf 3\n"), std::string::npos);
}

std::string verify_error(const char *text)
{
	const auto code = parse_bytecode(text);
	EXPECT_TRUE(code) << text;
	const auto status = verify(*code);
	return status ? "" : status.error().message;
}

TEST(Verify, names_the_instruction_and_what_is_wrong)
{
	EXPECT_EQ(verify_error(kTcp), "");
	EXPECT_NE(verify_error("2,255 0 0 0,6 0 0 0").find("instruction 0"), std::string::npos);
	EXPECT_NE(verify_error("2,0 0 0 0,0 0 0 0").find("instruction 1"), std::string::npos);
	EXPECT_NE(verify_error("2,52 0 0 0,6 0 0 0").find("divides by zero"), std::string::npos);
	EXPECT_NE(verify_error("2,100 0 0 32,6 0 0 0").find("shifts by 32"), std::string::npos);
	EXPECT_NE(verify_error("2,5 0 0 1,6 0 0 0").find("behind the end"), std::string::npos);
	EXPECT_NE(verify_error("2,21 1 0 1,6 0 0 0").find("behind the end"), std::string::npos);
	EXPECT_NE(verify_error("2,96 0 0 3,6 0 0 0").find("memory word 3 that nothing"), std::string::npos);
	EXPECT_NE(verify_error("2,2 0 0 16,6 0 0 0").find("no memory word 16"), std::string::npos);
	EXPECT_NE(verify_error("2,48 0 0 4294963201,6 0 0 0").find("offset 0xfffff001"), std::string::npos);
	// Written on one of two ways only.
	EXPECT_NE(verify_error("4,21 0 1 1,2 0 0 0,96 0 0 0,6 0 0 0").find("instruction 2"), std::string::npos);
}

// What the kernel says of the same code.
bool kernel_takes(const Filter &code)
{
	int sockets[2];
	EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets), 0);
	const Fd one(sockets[0]);
	const Fd two(sockets[1]);
	const sock_fprog program{ static_cast<unsigned short>(code.size()),
				  reinterpret_cast<sock_filter *>(const_cast<Instruction *>(code.data())) };
	return setsockopt(one.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

// Mostly sound instructions, so that the deeper rules are reached.
Instruction random_instruction(std::mt19937 &random)
{
	static constexpr uint16_t codes[] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x14, 0x15,
					      0x16, 0x1c, 0x1d, 0x20, 0x24, 0x25, 0x28, 0x2d, 0x30, 0x34, 0x35,
					      0x3c, 0x40, 0x45, 0x48, 0x50, 0x54, 0x60, 0x61, 0x64, 0x6c, 0x74,
					      0x80, 0x81, 0x84, 0x87, 0x94, 0x9c, 0xa4, 0xac, 0xb1 };
	const auto one_in = [&](unsigned int n) { return random() % n == 0; };
	Instruction in{};
	in.code = one_in(40) ? static_cast<uint16_t>(random()) : codes[random() % std::size(codes)];
	in.jt = static_cast<uint8_t>(one_in(3) ? random() % 4 : 0);
	in.jf = static_cast<uint8_t>(one_in(3) ? random() % 4 : 0);
	in.k = one_in(12) ? 0xfffff000 + random() % 80 : random() % 20;
	return in;
}

TEST(Verify, judges_as_the_kernel_does)
{
	std::mt19937 random(4711);
	unsigned int taken = 0;
	for (int i = 0; i < 1500; i++) {
		Filter code(1 + random() % 7);
		for (Instruction &in : code)
			in = random_instruction(random);
		if (random() % 8)
			code.back() = { BPF_RET | BPF_K, 0, 0, 1 };
		const bool ours = static_cast<bool>(verify(code));
		ASSERT_EQ(ours, kernel_takes(code)) << bytecode_text(code);
		taken += ours ? 1 : 0;
	}
	EXPECT_GT(taken, 200U);
	EXPECT_LT(taken, 1300U);
}

TEST(Expression, is_compiled_for_packets_without_a_frame)
{
	const auto both = compile_expression("tcp port 443");
	const auto ipv4 = compile_expression("tcp port 443", Family::ipv4);
	ASSERT_TRUE(both);
	ASSERT_TRUE(ipv4);
	EXPECT_GT(both->size(), ipv4->size());
	EXPECT_FALSE(is_for_ethernet(*both));
}

TEST(Expression, errors_have_libpcaps_words_and_a_way_out)
{
	const auto wrong = compile_expression("tcp prot 443");
	ASSERT_FALSE(wrong);
	EXPECT_NE(wrong.error().message.find("'tcp prot 443': "), std::string::npos);
	EXPECT_NE(wrong.error().message.find("pcap-filter(7)"), std::string::npos);
	EXPECT_NE(compile_expression("inbound").error().message.find("choose the chain"), std::string::npos);
	EXPECT_NE(compile_expression(" ").error().message.find("empty"), std::string::npos);
}

TEST(Expression, code_for_ethernet_is_recognised)
{
	// tcpdump -y EN10MB -ddd icmp, and -y RAW.
	EXPECT_TRUE(
		is_for_ethernet(*parse_bytecode("6,40 0 0 12,21 0 3 2048,48 0 0 23,21 0 1 1,6 0 0 262144,6 0 0 0")));
	EXPECT_FALSE(
		is_for_ethernet(*parse_bytecode("7,48 0 0 0,84 0 0 240,21 0 3 64,48 0 0 9,21 0 1 1,6 0 0 1,6 0 0 0")));
}

} // namespace
} // namespace ipt
