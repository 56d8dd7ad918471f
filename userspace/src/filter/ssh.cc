// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fmt/core.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include "filter/filter.h"

namespace ipt {

namespace {

constexpr std::string_view kVariable = "SSH_CONNECTION=";

// Addresses and ports only: this goes into an expression.
bool is_address(const std::string &word)
{
	std::array<unsigned char, sizeof(in6_addr)> address{};
	return inet_pton(AF_INET, word.c_str(), address.data()) == 1 ||
	       inet_pton(AF_INET6, word.c_str(), address.data()) == 1;
}

bool is_port(const std::string &word)
{
	uint16_t port = 0;
	const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
	return error == std::errc() && end == word.data() + word.size();
}

std::string from_environment_of(const std::string &pid)
{
	std::ifstream file("/proc/" + pid + "/environ");
	for (std::string line; std::getline(file, line, '\0');) {
		if (line.starts_with(kVariable))
			return line.substr(kVariable.size());
	}
	return {};
}

std::string parent_of(const std::string &pid)
{
	std::ifstream file("/proc/" + pid + "/status");
	for (std::string line; std::getline(file, line);) {
		if (line.starts_with("PPid:\t"))
			return line.substr(6);
	}
	return "0";
}

} // namespace

std::optional<std::string> ssh_packets(const std::string &ssh_connection)
{
	std::istringstream words(ssh_connection);
	std::string client;
	std::string client_port;
	std::string server;
	std::string server_port;
	words >> client >> client_port >> server >> server_port;
	// fe80::1%eth0: expressions know no zones.
	client = client.substr(0, client.find('%'));
	server = server.substr(0, server.find('%'));
	if (!is_address(client) || !is_address(server) || !is_port(client_port) || !is_port(server_port))
		return std::nullopt;
	// Not the server's half: NAT may make it of another one, and the packets are seen before and after.
	return fmt::format("tcp and ((src host {0} and src port {1}) or (dst host {0} and dst port {1}))", client,
			   client_port);
}

std::string find_ssh_connection()
{
	if (const char *own = std::getenv("SSH_CONNECTION"))
		return own;
	for (std::string pid = std::to_string(getppid()); pid != "0" && pid != "1"; pid = parent_of(pid)) {
		if (std::string found = from_environment_of(pid); !found.empty())
			return found;
	}
	return {};
}

} // namespace ipt
