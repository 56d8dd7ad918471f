// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel loads a module for a match of a name that it does not know. Where xt_bpf is loaded, or built in, it knows
 * "bpf", and would not look for one that has revision 2.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <xtables.h>

#include "invocation.h"
#include "module.h"

/* modprobe -q still speaks if it lacks the right. Without a /dev/null it may. */
static void insert_quietly(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	bool quietly = null >= 0 && errors >= 0;

	if (quietly)
		dup2(null, STDERR_FILENO);
	xtables_insmod("xt_ebpf", xtables_modprobe_program, true);
	if (quietly)
		dup2(errors, STDERR_FILENO);
	if (null >= 0)
		close(null);
	if (errors >= 0)
		close(errors);
}

void module_load(void)
{
	if (!invocation_translates() && geteuid() == 0 && access("/sys/module/xt_ebpf", F_OK))
		insert_quietly();
}

/* Whether the file holds a number that is not 0; also if it cannot be read though it is there. */
static bool is_not_zero(const char *path)
{
	FILE *file = fopen(path, "re");
	int number, read;

	if (!file)
		return access(path, F_OK) == 0;
	read = fscanf(file, "%d", &number);
	fclose(file);
	return read != 1 || number;
}

bool module_may_have_revision_1(void)
{
	return is_not_zero("/sys/module/xt_bpf/refcnt") ||
	       is_not_zero("/sys/module/xt_ebpf/parameters/revision1");
}
