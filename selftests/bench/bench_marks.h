/* SPDX-License-Identifier: GPL-2.0-only */
/* An instruction that does nothing and that nobody else uses: a long nop of x86 with a number of ours in it. */
#ifndef BENCH_MARKS_H
#define BENCH_MARKS_H

#define BENCH_MARK "\x0f\x1f\x84\x00ipt!"

#endif
