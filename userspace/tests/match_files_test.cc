// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "match/boot/modules.h"
#include "match/boot/pins.h"
#include "match/bpf/object.h"
#include "match/command/stats.h"
#include "util/file.h"

namespace ipt {
namespace {

class Folder {
public:
	Folder() : path_(testing::TempDir() + "iptables-bpf-XXXXXX") { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
	~Folder() { std::filesystem::remove_all(path_); }

	void write(const std::string &name, const std::string &text) const
	{
		std::ofstream(path_ + "/" + name) << text;
	}
	const std::string &path() const { return path_; }

private:
	std::string path_;
};

TEST(WantedPins, are_read_in_the_order_of_files_and_lines)
{
	const Folder folder;
	folder.write("20-b.conf", "/sys/fs/bpf/b /b.o\n");
	folder.write("10-a.conf", "# a comment\n\n/sys/fs/bpf/a /a.o first\n\"/sys/fs/bpf/two words\" \"/c d.o\"\n");
	folder.write("notes.txt", "not read");
	const WantedPins wanted = read_wanted_pins(folder.path());
	EXPECT_TRUE(wanted.faults.empty());
	ASSERT_EQ(wanted.pins.size(), 3U);
	EXPECT_EQ(wanted.pins[0].pin, "/sys/fs/bpf/a");
	EXPECT_EQ(wanted.pins[0].program, "first");
	EXPECT_EQ(wanted.pins[0].where, folder.path() + "/10-a.conf:3");
	EXPECT_EQ(wanted.pins[1].pin, "/sys/fs/bpf/two words");
	EXPECT_EQ(wanted.pins[1].file, "/c d.o");
	EXPECT_EQ(wanted.pins[2].file, "/b.o");
}

TEST(WantedPins, faults_are_named_with_their_line)
{
	const Folder folder;
	folder.write("a.conf", "/sys/fs/bpf/a\nb /b.o\n/sys/fs/bpf/c /c.o\n/sys/fs/bpf/c /d.o\n");
	const WantedPins wanted = read_wanted_pins(folder.path());
	EXPECT_EQ(wanted.pins.size(), 1U);
	ASSERT_EQ(wanted.faults.size(), 3U);
	EXPECT_TRUE(wanted.faults[0].starts_with(folder.path() + "/a.conf:1: "));
	EXPECT_TRUE(wanted.faults[1].starts_with(folder.path() + "/a.conf:2: "));
	EXPECT_NE(wanted.faults[2].find("made by " + folder.path() + "/a.conf:3 already"), std::string::npos);
}

TEST(WantedPins, no_folder_asks_for_nothing)
{
	EXPECT_TRUE(read_wanted_pins("/nowhere/at/all").pins.empty());
}

TEST(Modules, a_kernel_that_is_not_there_is_named)
{
	const auto kernel = find_kernel("1.2.3-none");
	ASSERT_FALSE(kernel);
	EXPECT_NE(kernel.error().message.find("no kernel 1.2.3-none"), std::string::npos);
	EXPECT_FALSE(find_kernel(".."));
	EXPECT_FALSE(find_kernel(""));
}

TEST(Modules, are_looked_up_by_their_whole_name)
{
	const Folder folder;
	folder.write("modules.dep", "kernel/net/netfilter/xt_bpf.ko: kernel/net/netfilter/x_tables.ko\n"
				    "kernel/net/netfilter/not_xt_ebpf.ko:\n");
	folder.write("modules.builtin", "kernel/net/netfilter/xt_u32.ko\n");
	const KernelFiles kernel{ "1.2.3", folder.path() };
	EXPECT_NE(find_module(kernel, "xt_ebpf").error().message.find("not installed for kernel 1.2.3"),
		  std::string::npos);
	// Listed, and not there.
	EXPECT_NE(find_module(kernel, "xt_bpf").error().message.find("is missing"), std::string::npos);
	EXPECT_EQ(*find_module(kernel, "xt_u32"), "");
	std::filesystem::create_directories(folder.path() + "/kernel/net/netfilter");
	folder.write("kernel/net/netfilter/xt_bpf.ko", "");
	EXPECT_EQ(*find_module(kernel, "xt_bpf"), folder.path() + "/kernel/net/netfilter/xt_bpf.ko");
}

TEST(Modules, releases_are_compared_by_number)
{
	EXPECT_TRUE(older_than("6.1.0-38-amd64", 6, 4));
	EXPECT_TRUE(older_than("5.10.0", 6, 4));
	EXPECT_FALSE(older_than("6.4.0", 6, 4));
	EXPECT_FALSE(older_than("6.12.43", 6, 4));
	EXPECT_FALSE(older_than("10.0.1", 6, 4));
}

// Switches as the kernel has them.
struct Switches {
	Switches() { set("N", "N"); }
	void set(const char *count, const char *time) const
	{
		folder.write("count", count);
		folder.write("time", time);
	}
	Outcome run(const StatsOptions &options)
	{
		Console console{ *Output::open(folder.path() + "/said"), *Output::open(folder.path() + "/error") };
		const Outcome outcome = switch_stats(options, console, folder.path());
		console.out.flush();
		return outcome;
	}
	std::string read(const char *name) const { return *read_file(folder.path() + "/" + name); }

	Folder folder;
};

TEST(Stats, on_counts_and_takes_time_only_on_request)
{
	Switches switches;
	EXPECT_EQ(switches.run({ .word = "on" }), Outcome::done);
	EXPECT_EQ(switches.read("count") + switches.read("time"), "1N");
	EXPECT_EQ(switches.read("said"), "rules are counted, and not timed\n");
	EXPECT_EQ(switches.run({ .word = "on", .time = true }), Outcome::done);
	EXPECT_EQ(switches.read("count") + switches.read("time"), "11");
}

TEST(Stats, off_takes_both_away_or_time_alone)
{
	Switches switches;
	switches.set("1", "1");
	EXPECT_EQ(switches.run({ .word = "off", .time = true }), Outcome::done);
	EXPECT_EQ(switches.read("count") + switches.read("time"), "10");
	EXPECT_EQ(switches.run({ .word = "off" }), Outcome::done);
	EXPECT_EQ(switches.read("count") + switches.read("time"), "00");
}

TEST(Stats, without_a_word_nothing_changes)
{
	Switches switches;
	switches.set("Y", "N");
	EXPECT_EQ(switches.run({ .time = true }), Outcome::done);
	EXPECT_EQ(switches.read("count") + switches.read("time"), "YN");
	EXPECT_EQ(switches.read("said"), "rules are counted, and not timed\n");
}

TEST(Object, files_that_are_none_are_named)
{
	EXPECT_NE(Object::open("/nowhere.o").error().message.find("/nowhere.o: No such file"), std::string::npos);
	const Folder folder;
	folder.write("x.o", "no object");
	EXPECT_NE(Object::open(folder.path() + "/x.o").error().message.find("no object with BPF programs"),
		  std::string::npos);
}

TEST(Object, the_verifiers_verdict_is_its_last_word)
{
	EXPECT_EQ(verdict_of("0: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'scalar'\n"
			     "processed 2 insns (limit 1000000) max_states_per_insn 0\n"),
		  "R1 invalid mem access 'scalar'");
	EXPECT_EQ(verdict_of(""), "");
}

} // namespace
} // namespace ipt
