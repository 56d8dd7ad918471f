// SPDX-License-Identifier: GPL-2.0-only
/* Programs that are pinned in a BPF file system, as paths. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <xtables.h>

#include "pinned.h"

/*
 * A relative path would be looked up anew, from wherever iptables-legacy next changes the table: it hands the kernel
 * all rules of a table at each change.
 */
void pinned_set_path(char *dest, size_t size, const char *path)
{
	char dir[PATH_MAX] = "";
	int len;

	if (!*path)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: --object-pinned needs the path of a pinned program");
	if (strchr(path, '\n'))
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: \"%s\": iptables-save cannot write a path with a line break; rename the pin",
			      path);
	if (*path != '/' && !getcwd(dir, sizeof(dir)))
		xtables_error(OTHER_PROBLEM,
			      "bpf: \"%s\": the working directory is unknown (%s); give the whole path",
			      path, strerror(errno));

	len = snprintf(dest, size, "%s%s%s", dir, *dir ? "/" : "", path);
	if (len < 0 || (size_t)len >= size)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: \"%s%s%s\": a path of %d characters is too long, possible are %zu; use a shorter one",
			      dir, *dir ? "/" : "", path, len, size - 1);
}

static int open_object(const char *path, __u32 flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	attr.file_flags = flags;
	return syscall(__NR_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
}

static const char *way_out(const char *path, int error)
{
	struct statfs fs;

	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "pin one by bpftool prog load FILE.o PATH, or delete the rule by its number";
	case EACCES:
	case EPERM:
		if (!statfs(path, &fs) && fs.f_type != BPF_FS_MAGIC)
			return "it is not in a BPF file system (/sys/fs/bpf), so no pinned program";
		return "it must be a pinned program, and bpf() allowed to you (it is to root)";
	default:
		return "bpftool prog show pinned PATH may tell more";
	}
}

void pinned_require(const char *path)
{
	int fd = open_object(path, BPF_F_RDONLY);

	/* Before Linux 4.15 there were no flags here, and EINVAL for all of them. */
	if (fd < 0 && errno == EINVAL)
		fd = open_object(path, 0);
	if (fd < 0) {
		int error = errno;

		xtables_error(PARAMETER_PROBLEM,
			      "bpf: failed to get bpf object \"%s\": %s; %s",
			      path, strerror(error), way_out(path, error));
	}
	close(fd);
}

void pinned_print(const char *path)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";

	/* Quoted only where it must be: what reads iptables-save's output knows such paths without quotes. */
	if (path[strspn(path, plain)])
		xtables_save_string(path);
	else
		printf(" %s", path);
}
