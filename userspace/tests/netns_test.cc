// SPDX-License-Identifier: GPL-2.0-only
// What network namespaces are called, by files in a folder that stands for /: a number is that of any file there.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "netns/netns.h"
#include "owner/container.h"

namespace ipt {
namespace {

const std::string kId(64, 'a');

class NetnsNamesTest : public testing::Test {
protected:
	~NetnsNamesTest() override { std::filesystem::remove_all(root); }

	std::string write(const std::string &path, const std::string &text = "")
	{
		const std::filesystem::path file = root + path;
		std::filesystem::create_directories(file.parent_path());
		std::ofstream(file) << text;
		return file;
	}
	// Makes a namespace, which this names.
	uint32_t make(const std::string &path)
	{
		struct stat st {};
		EXPECT_EQ(stat(write(path).c_str(), &st), 0);
		return static_cast<uint32_t>(st.st_ino);
	}
	// And this too.
	void names_too(const std::string &path, const std::string &of)
	{
		const std::filesystem::path file = root + path;
		std::filesystem::create_directories(file.parent_path());
		std::filesystem::create_hard_link(root + of, file);
	}
	std::string name_of(uint32_t inode) { return NetnsNames(container, root)(inode); }

	const std::string root = testing::TempDir() + "netns-" + std::to_string(getpid());
	const NetnsNames::ContainerOf container = [this](const std::string &pid) {
		return container_of_process(pid, root);
	};
};

// No process of the machine that this runs on has such a number, and so none has a name.
constexpr const char *kProcess = "/proc/99999999/ns/net";

TEST_F(NetnsNamesTest, each_way_to_a_name)
{
	EXPECT_EQ(name_of(make("/run/netns/we\x1b"
			       "b")),
		  "we\\x1b"
		  "b");
	EXPECT_EQ(name_of(make("/proc/1/ns/net")), "init");
	EXPECT_EQ(name_of(make("/run/docker/netns/1-0a2b\x1b")), "docker:1-0a2b\\x1b");
	EXPECT_EQ(name_of(make("/var/run/docker/netns/0a2b")), "docker:0a2b");
	EXPECT_EQ(name_of(make(kProcess)), "/99999999");
	EXPECT_EQ(name_of(7), "7");
}

TEST_F(NetnsNamesTest, a_container_of_a_process_in_it)
{
	const uint32_t inode = make(kProcess);
	write("/proc/99999999/cgroup", "0::/system.slice/docker-" + kId + ".scope\n");
	EXPECT_EQ(name_of(inode), "docker:aaaaaaaaaaaa");
	write("/var/lib/docker/containers/" + kId + "/config.v2.json", R"({"Name": "/web"})");
	EXPECT_EQ(name_of(inode), "docker:web");
	// Whoever does not ask for containers hears of none.
	EXPECT_EQ(NetnsNames({}, root)(inode), "/99999999");
	// Docker's own file says less.
	names_too("/run/docker/netns/0a2b", kProcess);
	EXPECT_EQ(name_of(inode), "docker:web");
	// What people have called it says more.
	names_too("/run/netns/blue", kProcess);
	EXPECT_EQ(name_of(inode), "blue");
}

// Somebody may look into a container from outside.
TEST_F(NetnsNamesTest, a_container_of_any_process_in_it)
{
	const uint32_t inode = make(kProcess);
	write("/proc/99999999/cgroup", "0::/user.slice\n");
	for (const char *pid : { "99999997", "99999998", "100000000" })
		names_too(std::string("/proc/") + pid + "/ns/net", kProcess);
	write("/proc/99999998/cgroup", "0::/machine.slice/libpod-" + kId + ".scope/container\n");
	EXPECT_EQ(name_of(inode), "podman:aaaaaaaaaaaa");
	write("/proc/99999998/cgroup", "0::/user.slice\n");
	names_too("/run/docker/netns/0a2b", kProcess);
	EXPECT_EQ(name_of(inode), "docker:0a2b");
}

// The processes of other namespaces say nothing of this one.
TEST_F(NetnsNamesTest, no_container_of_another)
{
	const uint32_t inode = make(kProcess);
	make("/proc/99999998/ns/net");
	write("/proc/99999998/cgroup", "0::/docker/" + kId + "\n");
	EXPECT_EQ(name_of(inode), "/99999999");
}

// A number without a cookie is asked for again when what it was known by has gone.
TEST_F(NetnsNamesTest, names_that_are_gone_make_room)
{
	NetnsNames names(container, root);
	const uint32_t inode = make(kProcess);
	write("/proc/99999999/cgroup", "0::/docker/" + kId + "\n");
	EXPECT_EQ(names(inode), "docker:aaaaaaaaaaaa");
	names_too("/run/netns/blue", kProcess);
	EXPECT_EQ(names(inode), "docker:aaaaaaaaaaaa");
	std::filesystem::remove_all(root + "/proc/99999999");
	EXPECT_EQ(names(inode), "blue");
	std::filesystem::remove_all(root + "/run");
	EXPECT_EQ(names(inode), "blue");
}

} // namespace
} // namespace ipt
