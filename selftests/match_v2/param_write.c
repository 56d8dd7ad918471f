// SPDX-License-Identifier: GPL-2.0-only
/*
 * param_write FILE VALUE: writes a parameter of a module. With failures (fail_nth.h) an attempt that is refused has to leave
 * it as it was. A refusal prints the name of the error and ends with 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "../match/fail_nth.h"

static int fd, outcome;
static char before[64];

static void read_value(char *value)
{
	ssize_t size = pread(fd, value, sizeof(before) - 1, 0);

	if (size < 0)
		err(2, "read");
	value[size] = '\0';
}

static int write_value(void *value)
{
	outcome = pwrite(fd, value, strlen(value), 0) < 0 ? errno : 0;
	return outcome;
}

static void restore(void *unused)
{
	char now[sizeof(before)];

	(void)unused;
	read_value(now);
	if (outcome && strcmp(now, before))
		errx(2, "refused (%s), and yet \"%s\" is now \"%s\"", strerrorname_np(outcome), before, now);
	if (pwrite(fd, before, strlen(before), 0) < 0)
		err(2, "restore");
}

int main(int argc, char **argv)
{
	int refused;

	if (argc != 3)
		errx(2, "usage: param_write FILE VALUE");
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		err(2, "%s", argv[1]);
	read_value(before);
	refused = with_failures(write_value, restore, argv[2]);
	if (refused)
		puts(strerrorname_np(refused));
	return !!refused;
}
