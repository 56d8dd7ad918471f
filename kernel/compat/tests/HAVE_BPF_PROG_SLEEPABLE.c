// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a program may sleep stands in struct bpf_prog: since 6.9, 66c8473135c6 ("bpf: move sleepable flag from
 * bpf_prog_aux to bpf_prog"). Before, in its aux.
 *
 * expected no: no member named .?sleepable
 */
#include <linux/bpf.h>
#include <linux/filter.h>

bool sleepable(const struct bpf_prog *prog);

bool sleepable(const struct bpf_prog *prog)
{
	return prog->sleepable;
}
