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

static int fail_nth_fd = -1;

/* The operation that is still to fail may be one of those that this takes: then none is left, and it works at once. */
static void fail_nth_write(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_nth_fd, text, len, 0) != len && pwrite(fail_nth_fd, text, len, 0) != len)
		err(2, "%s", FAIL_NTH_FILE);
}

/* How many more operations had to come before the one to fail: 0 if it came in time. If reading fails, it came just now. */
static unsigned int fail_nth_left(void)
{
	char text[16] = "";

	if (pread(fail_nth_fd, text, sizeof(text) - 1, 0) < 0)
		return 1;
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

	fail_nth_fd = open(FAIL_NTH_FILE, O_RDWR | O_CLOEXEC);
	if (fail_nth_fd < 0)
		err(2, "%s", FAIL_NTH_FILE);
	for (n = 1;; n++) {
		fail_nth_write(n);
		result = attempt(arg);
		if (fail_nth_left())
			break;
		undo(arg);
	}
	fail_nth_write(0);
	close(fail_nth_fd);
	fprintf(stderr, "%u operations failed in turn\n", n - 1);
	return result;
}

#endif
