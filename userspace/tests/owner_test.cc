// SPDX-License-Identifier: GPL-2.0-only
#include "owner/container.h"
#include "owner/owners.h"
#include "owner/sockets.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"

namespace ipt {
namespace {

const std::string kId(64, 'a');

class ContainerTest : public testing::Test {
protected:
	~ContainerTest() override { std::filesystem::remove_all(root); }

	void write(const std::string &path, const std::string &text)
	{
		const std::filesystem::path file = root + path;
		std::filesystem::create_directories(file.parent_path());
		std::ofstream(file) << text;
	}
	Container of(const std::string &cgroup) { return container_of(cgroup, root); }

	const std::string root = testing::TempDir() + "containers-" + std::to_string(getpid());
};

TEST_F(ContainerTest, cgroups_of_each_runtime)
{
	EXPECT_EQ(of("/system.slice/docker-" + kId + ".scope"), (Container{ "docker", kId, "" }));
	EXPECT_EQ(of("/docker/" + kId), (Container{ "docker", kId, "" }));
	EXPECT_EQ(of("/machine.slice/libpod-" + kId + ".scope/container"), (Container{ "podman", kId, "" }));
	EXPECT_EQ(of("/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + kId + ".scope"),
		  (Container{ "containerd", kId, "" }));
	EXPECT_EQ(of("/kubepods/burstable/pod1/" + kId), (Container{ "containerd", kId, "" }));
	EXPECT_EQ(of("/kubepods.slice/crio-" + kId + ".scope"), (Container{ "cri-o", kId, "" }));
	EXPECT_EQ(of("/lxc.payload.web/init.scope"), (Container{ "lxc", "", "web" }));
	EXPECT_EQ(of("/machine.slice/machine-web.scope/payload"), (Container{ "nspawn", "", "web" }));
}

TEST_F(ContainerTest, the_innermost_of_several)
{
	const std::string inner(64, 'b');
	EXPECT_EQ(of("/docker/" + kId + "/docker/" + inner).id, inner);
}

TEST_F(ContainerTest, what_is_no_container)
{
	for (const char *path : { "", "/", "/system.slice/ssh.service", "/docker", "/docker/abc", "/docker-.scope" })
		EXPECT_EQ(of(path), Container{}) << path;
	EXPECT_EQ(of("/system.slice/libpod-conmon-" + kId + ".scope"), Container{});
	EXPECT_EQ(of("/docker/" + kId + "0"), Container{});
}

TEST_F(ContainerTest, names_that_runtimes_left)
{
	write("/var/lib/docker/containers/" + kId + "/config.v2.json", R"({"Name": "/web", "ID": "x"})");
	EXPECT_EQ(of("/docker/" + kId).name, "web");
	write("/var/lib/containers/storage/overlay-containers/containers.json",
	      R"([7, {"id": "other", "names": ["no"]}, {"id": ")" + kId + R"(", "names": ["db", "second"]}])");
	EXPECT_EQ(of("/machine.slice/libpod-" + kId + ".scope").name, "db");
	write("/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + kId + "/config.json",
	      R"({"annotations": {"io.kubernetes.cri.container-name": "pod\u001b[1m"}})");
	EXPECT_EQ(of("/kubepods/pod1/" + kId).name, "pod\\x1b[1m");
}

TEST_F(ContainerTest, files_that_make_no_sense_give_no_name)
{
	const std::string file = "/var/lib/docker/containers/" + kId + "/config.v2.json";
	for (const char *text : { "", "{", "[]", "{}", R"({"Name": 7})", R"({"Name": "/"})" }) {
		write(file, text);
		EXPECT_EQ(of("/docker/" + kId), (Container{ "docker", kId, "" })) << text;
	}
}

TEST_F(ContainerTest, of_a_process)
{
	const auto of_process = [this](const std::string &lines) {
		write("/proc/7/cgroup", lines);
		return container_of_process("7", root);
	};
	EXPECT_EQ(of_process("0::/docker/" + kId + "\n"), "docker:aaaaaaaaaaaa");
	write("/var/lib/docker/containers/" + kId + "/config.v2.json", R"({"Name": "/web\u001b"})");
	EXPECT_EQ(of_process("0::/docker/" + kId + "\n"), "docker:web\\x1b");
	EXPECT_EQ(of_process("0::/lxc.payload.we\x1b"
			     "b/init.scope\n"),
		  "lxc:we\\x1b"
		  "b");
	// Each hierarchy of cgroup1 has a line of its own.
	EXPECT_EQ(of_process("12:pids:/\n1:name=systemd:/docker/" + kId + "\n0::/\n"), "docker:web\\x1b");
	for (const char *none : { "", "\n", "0::/\n", "0::/user.slice/a.scope\n", "nonsense\n", "0::" })
		EXPECT_EQ(of_process(none), "") << none;
	EXPECT_EQ(container_of_process("8", root), "");
}

uint32_t inode_of(const Fd &socket)
{
	struct stat st {};
	fstat(socket.get(), &st);
	return static_cast<uint32_t>(st.st_ino);
}

Fd any_socket()
{
	return Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

TEST(Sockets, finds_the_process_that_holds_one)
{
	const Fd socket = any_socket();
	std::set<uint32_t> holders;
	for_each_socket([&](uint32_t inode, uint32_t pid, const std::string &name) {
		if (inode == inode_of(socket) && !name.empty())
			holders.insert(pid);
	});
	EXPECT_TRUE(holders.contains(static_cast<uint32_t>(getpid())));
}

Enter sent(uint32_t socket, uint32_t pid, const char *name)
{
	Enter enter{};
	enter.owner.uid = 5;
	enter.owner.socket = socket;
	enter.owner.pid = pid;
	std::string(name).copy(enter.owner.comm, sizeof(enter.owner.comm) - 1);
	return enter;
}

TEST(Owners, a_process_is_known_by_what_it_has_sent_before)
{
	Owners owners;
	const Owner first = owners(sent(1, 77, "curl"));
	EXPECT_EQ(first, (Owner{ 5, 1, 77, "curl", true, 0, "", {} }));
	EXPECT_EQ(owners(sent(1, 0, "")), (Owner{ 5, 1, 77, "curl", false, 0, "", {} }));
}

TEST(Owners, a_socket_that_has_not_sent_yet_is_looked_for)
{
	const Fd socket = any_socket();
	Owners owners;
	EXPECT_EQ(owners(sent(inode_of(socket), 0, "")).pid, static_cast<uint32_t>(getpid()));
}

TEST(Owners, sockets_of_nobody_and_closed_ones_have_no_process)
{
	Owners owners;
	EXPECT_EQ(owners(sent(0xffffffff, 0, "")).pid, 0U);
	EXPECT_EQ(owners(sent(0xffffffff, 0, "")).pid, 0U);
	EXPECT_EQ(owners(sent(0, 0, "")).pid, 0U);
	// One process' closed socket is not another's.
	EXPECT_EQ(owners(sent(0, 8, "wget")).pid, 8U);
	EXPECT_EQ(owners(sent(0, 0, "")).pid, 0U);
}

TEST(Owners, cgroups_that_are_gone_keep_their_number)
{
	Owners owners;
	Enter enter = sent(1, 2, "x");
	enter.owner.cgroup = 0xfffffffffffe;
	const Owner owner = owners(enter);
	EXPECT_EQ(owner.cgroup_id, 0xfffffffffffeU);
	EXPECT_EQ(owner.cgroup, "");
}

} // namespace
} // namespace ipt
