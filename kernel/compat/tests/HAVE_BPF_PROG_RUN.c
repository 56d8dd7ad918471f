// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_prog_run() as a function: since 5.15, fb7dd8bca013 ("bpf: Refactor BPF_PROG_RUN into a function"). Before,
 * only the macro BPF_PROG_RUN().
 *
 * expected no: (implicit declaration of|call to undeclared) function .?bpf_prog_run
 */
#include <linux/filter.h>

u32 run(const struct bpf_prog *prog, const void *ctx);

u32 run(const struct bpf_prog *prog, const void *ctx)
{
	return bpf_prog_run(prog, ctx);
}
