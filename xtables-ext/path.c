// SPDX-License-Identifier: GPL-2.0-only
/*
 * A relative path would be looked up anew from wherever the rule is next restored, or, in revision 1, from wherever
 * iptables-legacy next changes the table: it hands the kernel all rules of a table at each change.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xtables.h>

#include "path.h"

unsigned int path_make_absolute(char *dest, const char *path, const char *option)
{
	const char *slash = *path == '/' ? "" : "/";
	char dir[PATH_MAX] = "";
	int len;

	if (!*path)
		xtables_error(PARAMETER_PROBLEM, "bpf: %s needs a path", option);
	if (strchr(path, '\n'))
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: \"%s\": iptables-save cannot write a path with a line break; rename it",
			      path);
	if (*slash && !getcwd(dir, sizeof(dir)))
		xtables_error(OTHER_PROBLEM,
			      "bpf: \"%s\": the working directory is unknown (%s); give the whole path",
			      path, strerror(errno));

	if (!strcmp(dir, "/"))
		slash = "";
	len = snprintf(dest, PATH_MAX, "%s%s%s", dir, slash, path);
	if (len < 0 || len >= PATH_MAX)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: \"%s%s%s\": a path of %d characters is too long, possible are %d; use a shorter one",
			      dir, slash, path, len, PATH_MAX - 1);
	return len;
}
