// SPDX-License-Identifier: GPL-2.0-only
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
bool is_plain(const std::string &word, const char *allowed)
{
	return !word.empty() && word.find_first_not_of(allowed) == std::string::npos;
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

std::optional<std::string> without_ssh(const std::string &ssh_connection)
{
	constexpr const char *digits = "0123456789";
	constexpr const char *address = "0123456789abcdefABCDEF:.";
	std::istringstream words(ssh_connection);
	std::string client;
	std::string client_port;
	std::string server;
	std::string server_port;
	words >> client >> client_port >> server >> server_port;
	// fe80::1%eth0: expressions know no zones.
	client = client.substr(0, client.find('%'));
	server = server.substr(0, server.find('%'));
	if (!is_plain(client, address) || !is_plain(server, address) || !is_plain(client_port, digits) ||
	    !is_plain(server_port, digits))
		return std::nullopt;
	// Not the server's half: NAT may make it of another one, and the packets are seen before and after.
	return fmt::format("not (tcp and ((src host {0} and src port {1}) or (dst host {0} and dst port {1})))", client,
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
