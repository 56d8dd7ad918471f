// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/summary.h"
#include "util/clock.h"
#include "util/command.h"
#include "util/file.h"
#include "util/json_text.h"
#include "util/output.h"
#include "util/printable.h"

namespace ipt {
namespace {

TEST(WallClock, shows_time_of_day_and_not_time_since_boot)
{
	const WallClock clock;
	const int64_t wall = clock.wall_ns(monotonic_ns());
	EXPECT_NEAR(static_cast<double>(wall) / 1e9, static_cast<double>(std::time(nullptr)), 2.0);
}

TEST(WallClock, microseconds_with_all_their_digits)
{
	setenv("TZ", "UTC", 1);
	tzset();
	const WallClock clock(0);
	EXPECT_EQ(clock.time_of_day(3'661'000'042'999), "01:01:01.000042");
}

TEST(Command, takes_output_errors_and_status)
{
	const auto output = run_command({ "sh", "-c", "echo out; echo err >&2; exit 3" });
	ASSERT_TRUE(output);
	EXPECT_EQ(output->out, "out\n");
	EXPECT_EQ(output->err, "err\n");
	EXPECT_EQ(output->status, 3);
}

TEST(Command, takes_more_than_a_pipe_holds_on_both_sides)
{
	const auto output = run_command({ "sh", "-c", "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero" });
	ASSERT_TRUE(output);
	EXPECT_EQ(output->out.size(), 300000U);
	EXPECT_EQ(output->err.size(), 300000U);
}

TEST(Command, what_is_not_installed_is_127_as_in_a_shell)
{
	EXPECT_EQ(run_command({ "no-such-program-here" })->status, 127);
	EXPECT_EQ(run_command({ "sh", "-c", "kill -9 $$" })->status, 128 + 9);
}

TEST(Output, keeps_the_first_failure)
{
	const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
	Output output(full.get());
	output.flush();
	EXPECT_EQ(output.error(), 0);
	output.write("x");
	output.flush();
	EXPECT_EQ(output.error(), ENOSPC);
}

TEST(Output, keeps_little_and_lets_go_of_much)
{
	int pipe_fds[2];
	ASSERT_EQ(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC), 0);
	const Fd read_end(pipe_fds[0]);
	const Fd write_end(pipe_fds[1]);
	Output output(write_end.get());
	char buffer[16];
	output.write("little");
	EXPECT_EQ(read(read_end.get(), buffer, sizeof(buffer)), -1);
	output.flush();
	EXPECT_EQ(read(read_end.get(), buffer, sizeof(buffer)), 6);
	output.write(std::string(65536, 'x'));
	EXPECT_EQ(read(read_end.get(), buffer, sizeof(buffer)), 16);
}

TEST(Printable, leaves_text_and_shows_control_characters)
{
	EXPECT_EQ(printable("-A INPUT \"\xc3\xa4\""), "-A INPUT \"\xc3\xa4\"");
	EXPECT_EQ(printable("a\033[2Jb\nc\td"), "a\\x1b[2Jb\\nc\\x09d");
	// Beyond ASCII there are control characters too, and some terminals take the byte alone for one.
	EXPECT_EQ(printable("\xc2\x9b"
			    "31m\xc2\x80\xc2\xa0"),
		  "\\xc2\\x9b31m\\xc2\\x80\xc2\xa0");
	EXPECT_EQ(printable("\x9b"
			    "31m\xc3\x9b\xe2\x9b"),
		  "\\x9b31m\xc3\x9b\\xe2\\x9b");
}

TEST(JsonText, has_no_control_characters_in_it)
{
	std::string to;
	JsonText(to).open().text("a", "\033\x7f\xc2\x80\xc2\x9b\xc2\xa0\xc3\x9b\x9b").close();
	EXPECT_EQ(to, "{\"a\":\"\\u001b\\u007f\\u0080\\u009b\xc2\xa0\xc3\x9b\\ufffd\"}");
}

TEST(Output, names_the_file_that_cannot_be_written)
{
	const auto output = Output::open("/no/such/folder/file");
	ASSERT_FALSE(output);
	EXPECT_NE(output.error().message.find("/no/such/folder/file"), std::string::npos);
}

// A folder for a test.
class Folder {
public:
	Folder() { path = mkdtemp(name_); }
	~Folder() { std::filesystem::remove_all(path); }

	std::string path;

private:
	char name_[32] = "/tmp/output-test-XXXXXX";
};

TEST(Output, rotates_regular_files_alone)
{
	const Folder folder;
	const std::string file = folder.path + "/file", pipe = folder.path + "/pipe", link = folder.path + "/link";
	ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
	ASSERT_EQ(symlink(file.c_str(), link.c_str()), 0);
	const auto refusal = [](const std::string &path) {
		const auto output = Output::open(path, { 1, 2 });
		return output ? "" : output.error().message;
	};
	EXPECT_EQ(refusal("/dev/null"), "--rotate: /dev/null is not a regular file");
	EXPECT_EQ(refusal(pipe), "--rotate: " + pipe + " is not a regular file");
	EXPECT_EQ(refusal(folder.path), "--rotate: " + folder.path + " is not a regular file");
	EXPECT_EQ(refusal(link), "--rotate: " + link + " is a symbolic link, name the file itself");
	EXPECT_EQ(refusal(file), "");
	EXPECT_EQ(refusal(file), "");
	EXPECT_TRUE(Output::open("/dev/null"));
}

// What was written to FILE, FILE.1 and so on, after as many rotations as there are letters.
std::string rotated(const std::string &path, unsigned int kept, std::string_view letters)
{
	auto output = Output::open(path, { 1, kept });
	for (const char letter : letters) {
		output->write({ &letter, 1 });
		output->rotate();
	}
	EXPECT_EQ(output->error(), 0);
	std::string text;
	for (unsigned int age = 1; age < 10; age++) {
		const auto file = read_file(fmt::format("{}.{}", path, age));
		text += file ? *file + " " : "- ";
	}
	return text;
}

TEST(Output, keeps_as_many_files_as_it_is_told)
{
	const Folder folder;
	EXPECT_EQ(rotated(folder.path + "/a", 1, "abc"), "- - - - - - - - - ");
	EXPECT_EQ(rotated(folder.path + "/b", 2, "abc"), "c - - - - - - - - ");
	EXPECT_EQ(rotated(folder.path + "/c", 4, "abcde"), "e d c - - - - - - ");
	// It is as fast whatever may be kept.
	EXPECT_EQ(rotated(folder.path + "/d", UINT32_MAX, "abcde"), "e d c b a - - - - ");
	EXPECT_EQ(rotated(folder.path + "/d", 3, "f"), "f e c b a - - - - ");
	EXPECT_EQ(unlink((folder.path + "/d.2").c_str()), 0);
	EXPECT_EQ(rotated(folder.path + "/d", 10, "g"), "g f c b a - - - - ");
}

TEST(Fd, closes_once_and_moves)
{
	int number;
	{
		Fd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
		number = first.get();
		Fd second(std::move(first));
		EXPECT_FALSE(first);
		EXPECT_EQ(second.get(), number);
		EXPECT_NE(fcntl(number, F_GETFD), -1);
		second = Fd();
		EXPECT_EQ(fcntl(number, F_GETFD), -1);
	}
	EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

TEST(Summary, says_that_nothing_was_lost)
{
	const Summary summary{ 1, 12, { { 0, "of this" } } };
	EXPECT_TRUE(summary.lossless());
	EXPECT_EQ(summary.text(), "1 packet, 12 events, nothing lost");
}

TEST(Summary, lists_each_loss_that_there_was)
{
	const Summary summary{ 2, 1, { { 3, "of this" }, { 0, "of that" }, { 1, "of those" } } };
	EXPECT_FALSE(summary.lossless());
	EXPECT_EQ(summary.text(), "2 packets, 1 event; not complete:\n  3 of this\n  1 of those");
}

} // namespace
} // namespace ipt
