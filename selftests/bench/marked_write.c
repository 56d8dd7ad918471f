// SPDX-License-Identifier: GPL-2.0-only
/* marked_write FILE LINE: writes LINE into FILE, one mark before and one after; see counter/count_instructions.c. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "bench_marks.h"

#define AS_WRITTEN(text)	#text
#define ASCII(text)	".ascii " AS_WRITTEN(text)

static inline void mark(void)
{
#ifdef __x86_64__
	__asm__ volatile(ASCII(BENCH_MARK));
#endif
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[1], O_WRONLY) : -1;
	int written;

	if (fd < 0) {
		perror("marked_write");
		return 1;
	}
	mark();
	/* In one piece, with the end of the line: pktgen takes off the last byte, whatever it is. */
	written = dprintf(fd, "%s\n", argv[2]);
	mark();
	if (written < 0) {
		perror("marked_write");
		return 1;
	}
	return 0;
}
