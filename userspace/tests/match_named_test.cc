// SPDX-License-Identifier: GPL-2.0-only
#include <array>
#include <gtest/gtest.h>

#include "match/bpf/domain_name.h"
#include "match/bpf/named.h"
#include "match/bpf/p0f.h"
#include "p0f_signature.h"

namespace ipt {

namespace {

std::string kept_name(const std::string &text)
{
	std::array<uint8_t, 32> labels{};
	return parse_domain_name(text, labels) ? domain_name_text(labels).value_or("no name") : "refused";
}

std::string kept_signature(const std::string &text)
{
	std::array<uint8_t, sizeof(p0f_signature)> signature{};
	return parse_p0f_signature(text, signature) ? p0f_signature_text(signature).value_or("no signature") :
						      "refused";
}

const std::string kLinux = "*:64:0:*:mss*20,10:mss,sok,ts,nop,ws:df,id+:0";

} // namespace

TEST(DomainName, IsAsMessagesHaveIt)
{
	std::array<uint8_t, 8> labels{};
	ASSERT_TRUE(parse_domain_name("Ab.c", labels));
	EXPECT_EQ(labels, (std::array<uint8_t, 8>{ 2, 'a', 'b', 1, 'c', 0, 0, 0 }));
}

TEST(DomainName, HasNoCaseAndNoDotAtItsEnd)
{
	EXPECT_EQ(kept_name("WWW.Example.com."), "www.example.com");
	EXPECT_EQ(kept_name("."), ".");
}

TEST(DomainName, EscapesWhatIsNoneOfAHostsName)
{
	EXPECT_EQ(kept_name(R"(a\.b.\065\032)"), R"(a\046b.a\032)");
	for (const char *bad : { R"(a\)", R"(a\25)", R"(a\256)", R"(a\2x5)" })
		EXPECT_EQ(kept_name(bad), "refused") << bad;
}

TEST(DomainName, FitsItsRoomOrIsRefused)
{
	EXPECT_EQ(kept_name(std::string(30, 'a')), std::string(30, 'a'));
	for (const std::string &bad : { std::string(31, 'a'), std::string("a.") + std::string(29, 'a'), std::string(),
					std::string(".."), std::string("a..b"), std::string(".a") })
		EXPECT_EQ(kept_name(bad), "refused") << bad;
	std::array<uint8_t, 128> labels{};
	EXPECT_FALSE(parse_domain_name(std::string(64, 'a'), labels));
	EXPECT_TRUE(parse_domain_name(std::string(63, 'a'), labels));
}

TEST(DomainName, BytesThatAreNoneAreNoName)
{
	for (const std::array<uint8_t, 4> bad :
	     { std::array<uint8_t, 4>{ 4, 'a', 'b', 'c' }, std::array<uint8_t, 4>{ 1, 'a', 0, 1 },
	       std::array<uint8_t, 4>{ 64, 0, 0, 0 } })
		EXPECT_FALSE(domain_name_text(bad));
}

TEST(P0fSignature, IsKeptAsItIsWritten)
{
	for (const std::string &text :
	     { kLinux, std::string("none"), std::string("6:255:0:0:mtu*4,14::flow:*"),
	       std::string("*:64:0:*:%8192,*:?0,?254,eol+2::+"),
	       std::string(
		       "4:128-:8:1460:1024,0:nop,sack:df,id-,ecn,0+,seq-,ack+,ack-,uptr+,urgf+,pushf+,ts1-,ts2+,opt+,exws,bad:0") })
		EXPECT_EQ(kept_signature(text), text);
	EXPECT_EQ(kept_signature("*:54+10:0:*:*,*:::*"), "*:64:0:*:*,*:::*");
}

TEST(P0fSignature, HasTheLastOptionInTheLowestByte)
{
	p0f_signature signature{};
	ASSERT_TRUE(parse_p0f_signature("*:64:0:*:*,*:mss,sok,ts,nop,ws,nop,nop,nop,?9::*",
					{ reinterpret_cast<uint8_t *>(&signature), sizeof(signature) }));
	EXPECT_EQ(signature.layout[0], 0x0408010301010109U);
	EXPECT_EQ(signature.layout[1], 0x02U);
	EXPECT_EQ(signature.layout_length, 9);
}

TEST(P0fSignature, RefusesWhatIsNone)
{
	for (const char *bad :
	     { "", "x", "5:64:0:*:*,*:::*", "*:0:0:*:*,*:::*", "*:256:0:*:*,*:::*", "*:200+56:0:*:*,*:::*",
	       "*:64:x:*:*,*:::*", "*:64:0:65536:*,*:::*", "*:64:0:*:%1,*:::*", "*:64:0:*:mss*0,*:::*",
	       "*:64:0:*:*:::*", "*:64:0:*:*,*:eol+1,nop::*", "*:64:0:*:*,*:pon::*", "*:64:0:*:*,*::no:*",
	       "4:64:0:*:*,*::flow:*", "6:64:0:*:*,*::df:*", "*:64:0:*:*,*:::1", "*:64:0:*:*,*:::*:" })
		EXPECT_EQ(kept_signature(bad), "refused") << bad;
}

TEST(NamedForm, IsOfTheNameAlone)
{
	EXPECT_NE(named_form("dns_name"), nullptr);
	EXPECT_NE(named_form("p0f_signature"), nullptr);
	EXPECT_EQ(named_form("dns_names"), nullptr);
}

} // namespace ipt
