// SPDX-License-Identifier: GPL-2.0-only
/* Programs that are pinned in a BPF file system: whether there is one, before the kernel is asked to run it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <xtables.h>

#include "pinned.h"

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
		return "pin one by bpftool prog load FILE.o PATH";
	case EACCES:
	case EPERM:
		if (!statfs(path, &fs) && fs.f_type != BPF_FS_MAGIC)
			return "it is not in a BPF file system (/sys/fs/bpf), so no pinned program";
		return "it must be a pinned program, and bpf() allowed to you (it is to root)";
	default:
		return "bpftool prog show pinned PATH may tell more";
	}
}

/* A restore asks for the same one in many rules; the kernel, which has the last word, looks at each of them. */
void pinned_require(const char *path)
{
	static char *found;
	int fd;

	if (found && !strcmp(path, found))
		return;
	fd = open_object(path, BPF_F_RDONLY);

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
	free(found);
	found = strdup(path);
}
