// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel loads a module for a match of a name that it does not know. Where xt_bpf is loaded, or built in, it knows
 * "bpf", and would not look for one that has revision 2.
 */
#include <fcntl.h>
#include <unistd.h>
#include <xtables.h>

#include "invocation.h"
#include "module.h"

/* modprobe -q still speaks if it lacks the right. */
static void insert_quietly(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	if (null >= 0 && errors >= 0) {
		dup2(null, STDERR_FILENO);
		xtables_insmod("xt_ebpf", xtables_modprobe_program, true);
		dup2(errors, STDERR_FILENO);
	}
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
