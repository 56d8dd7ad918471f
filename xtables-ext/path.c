// SPDX-License-Identifier: GPL-2.0-only
/*
 * A relative path would be looked up anew from wherever the rule is next restored, or, in revision 1, from wherever
 * iptables-legacy next changes the table: it hands the kernel all rules of a table at each change.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xtables.h>

#include "path.h"

/* What is to stand before a relative path. */
static char *working_directory(const char *path)
{
	char *dir = getcwd(NULL, 0);
	size_t len;

	if (!dir)
		xtables_error(OTHER_PROBLEM,
			      "bpf: \"%s\": the working directory is unknown (%s); give the whole path",
			      path, strerror(errno));
	len = strlen(dir);
	if (dir[len - 1] == '/')
		return dir;
	dir = xtables_realloc(dir, len + 2);
	memcpy(dir + len, "/", 2);
	return dir;
}

char *path_make_absolute(const char *path, const char *option)
{
	char *dir = NULL, *absolute;
	size_t before = 0, len = strlen(path);

	if (!len)
		xtables_error(PARAMETER_PROBLEM, "bpf: %s needs a path", option);
	if (strchr(path, '\n'))
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: \"%s\": iptables-save cannot write a path with a line break; rename it",
			      path);
	if (*path != '/') {
		dir = working_directory(path);
		before = strlen(dir);
	}
	if (before + len >= PATH_MAX)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: \"%s%s\": a path of %zu characters is too long, possible are %d; use a shorter one",
			      dir ? dir : "", path, before + len, PATH_MAX - 1);
	absolute = xtables_malloc(before + len + 1);
	if (dir)
		memcpy(absolute, dir, before);
	memcpy(absolute + before, path, len + 1);
	free(dir);
	return absolute;
}
