/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lets the operations inside a system call fail, one after the other (the kernel's Documentation/fault-injection). Only
 * with FAIL_NTH in the environment, and on a kernel that is built for it.
 */
#ifndef FAIL_NTH_H
#define FAIL_NTH_H

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FAIL_NTH_FILE "/proc/thread-self/fail-nth"

static void fail_nth_write(unsigned int n)
{
	int fd = open(FAIL_NTH_FILE, O_WRONLY);

	if (fd < 0 || dprintf(fd, "%u", n) < 0)
		err(2, "%s", FAIL_NTH_FILE);
	close(fd);
}

/* How many more operations had to come before the one to fail: 0 if it came. */
static unsigned int fail_nth_left(void)
{
	int fd = open(FAIL_NTH_FILE, O_RDONLY);
	char text[16] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		err(2, "%s", FAIL_NTH_FILE);
	close(fd);
	return strtoul(text, NULL, 10);
}

/*
 * Runs attempt(), which is one system call and returns 0 or an errno, with the first operation in it failing, then with the
 * second, and so on until it ran to its end. undo() puts things as they were after an attempt, which may have succeeded:
 * not every failure matters.
 */
static int with_failures(int (*attempt)(void *arg), void (*undo)(void *arg), void *arg)
{
	unsigned int n;
	int result;

	if (!getenv("FAIL_NTH"))
		return attempt(arg);

	for (n = 1;; n++) {
		fail_nth_write(n);
		result = attempt(arg);
		if (fail_nth_left())
			break;
		undo(arg);
	}
	fail_nth_write(0);
	fprintf(stderr, "%u operations failed in turn\n", n - 1);
	return result;
}

#endif
