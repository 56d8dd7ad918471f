// SPDX-License-Identifier: GPL-2.0-only
#include "owner/container.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "util/file.h"
#include "util/printable.h"

namespace ipt {

namespace {

constexpr size_t kIdLength = 64;

// How systemd's scopes of a runtime begin.
struct Scope {
	std::string_view prefix;
	const char *runtime;
};
constexpr std::array kScopes = {
	Scope{ "docker-", "docker" },	   Scope{ "libpod-", "podman" }, Scope{ "cri-containerd-", "containerd" },
	Scope{ "nerdctl-", "containerd" }, Scope{ "crio-", "cri-o" },
};

// Where a runtime keeps what it knows of a container, and where in it the name stands.
struct NameFile {
	const char *runtime;
	const char *path; // {}: the container's id
	std::array<const char *, 2> keys; // the last is the name
};
constexpr std::array kNameFiles = {
	NameFile{ "docker", "/var/lib/docker/containers/{}/config.v2.json", { "Name", nullptr } },
	NameFile{ "containerd",
		  "/run/containerd/io.containerd.runtime.v2.task/k8s.io/{}/config.json",
		  { "annotations", "io.kubernetes.cri.container-name" } },
	NameFile{ "containerd",
		  "/run/containerd/io.containerd.runtime.v2.task/default/{}/config.json",
		  { "annotations", "nerdctl/name" } },
	NameFile{ "cri-o",
		  "/run/containers/storage/overlay-containers/{}/userdata/config.json",
		  { "annotations", "io.kubernetes.container.name" } },
};

bool is_id(std::string_view text)
{
	return text.size() == kIdLength && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::vector<std::string_view> parts_of(std::string_view path)
{
	std::vector<std::string_view> parts;
	while (!path.empty()) {
		const size_t end = std::min(path.find('/'), path.size());
		if (end)
			parts.push_back(path.substr(0, end));
		path.remove_prefix(std::min(end + 1, path.size()));
	}
	return parts;
}

bool cut(std::string_view &text, std::string_view prefix, std::string_view suffix)
{
	if (text.size() < prefix.size() + suffix.size() || !text.starts_with(prefix) || !text.ends_with(suffix))
		return false;
	text.remove_prefix(prefix.size());
	text.remove_suffix(suffix.size());
	return true;
}

// One folder of a cgroup's path, and the one that it is in.
Container named_by(std::string_view folder, std::string_view above)
{
	for (const Scope &scope : kScopes) {
		std::string_view id = folder;
		if (cut(id, scope.prefix, ".scope") && is_id(id))
			return { scope.runtime, std::string(id), "" };
	}
	// Without systemd.
	if (is_id(folder))
		return { above == "docker"	  ? "docker" :
			 above == "libpod_parent" ? "podman" :
						    "containerd",
			 std::string(folder), "" };
	std::string_view name = folder;
	if (cut(name, "lxc.payload.", "") || (above == "lxc" && !name.empty()))
		return { "lxc", "", std::string(name) };
	if (above == "machine.slice" && (cut(name, "machine-", ".scope") || cut(name, "systemd-nspawn@", ".service")))
		return { "nspawn", "", std::string(name) };
	return {};
}

std::string string_in(const std::string &file, const std::array<const char *, 2> &keys)
{
	const auto text = read_file(file);
	nlohmann::json value = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
	for (const char *key : keys) {
		if (!key)
			break;
		if (!value.is_object() || !value.contains(key))
			return {};
		value = nlohmann::json(value[key]);
	}
	return value.is_string() ? printable(value.get<std::string>()) : std::string();
}

// Podman has one list of all.
std::string podman_name(const std::string &id, const std::string &root)
{
	const auto text = read_file(root + "/var/lib/containers/storage/overlay-containers/containers.json");
	const auto list = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
	if (!list.is_array())
		return {};
	for (const auto &entry : list) {
		if (!entry.is_object() || entry.value("id", nlohmann::json()) != id)
			continue;
		const auto names = entry.value("names", nlohmann::json());
		return names.is_array() && !names.empty() && names[0].is_string() ?
			       printable(names[0].get<std::string>()) :
			       std::string();
	}
	return {};
}

// As its users call it.
std::string name_of(const Container &container, const std::string &root)
{
	if (container.runtime == "podman")
		return podman_name(container.id, root);
	for (const NameFile &file : kNameFiles) {
		if (container.runtime != file.runtime)
			continue;
		std::string name = string_in(root + fmt::format(fmt::runtime(file.path), container.id), file.keys);
		// Docker's begin with a slash.
		name.erase(0, name.find_first_not_of('/'));
		if (!name.empty())
			return name;
	}
	return {};
}

} // namespace

// The innermost: containers may be in containers.
Container container_of(std::string_view cgroup, const std::string &root)
{
	const auto parts = parts_of(cgroup);
	for (size_t i = parts.size(); i-- > 0;) {
		Container container = named_by(parts[i], i ? parts[i - 1] : "");
		if (container.runtime.empty())
			continue;
		if (!container.id.empty())
			container.name = name_of(container, root);
		return container;
	}
	return {};
}

// A line for each hierarchy, of cgroup1 there are several: "0::/docker/..."
std::string container_of_process(const std::string &pid, const std::string &root)
{
	constexpr size_t short_id = 12; // as the runtimes themselves show it
	std::ifstream file(fmt::format("{}/proc/{}/cgroup", root, pid));
	for (std::string line; std::getline(file, line);) {
		const size_t before = line.find(":/");
		const Container container =
			before == std::string::npos ? Container{} : container_of(line.substr(before + 1), root);
		if (!container.runtime.empty())
			return printable(container.runtime + ":" +
					 (container.name.empty() ? container.id.substr(0, short_id) : container.name));
	}
	return {};
}

} // namespace ipt
