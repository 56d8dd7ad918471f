// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helpers of tracing programs look into a run context that hangs on the task: since 5.15, 82e6b1eee6a8 ("bpf: Allow to
 * specify user-provided bpf_cookie for BPF perf links").
 *
 * expected no: bpf_trace_run_ctx|bpf_set_run_ctx
 */
#include <linux/bpf.h>
#include <linux/sched.h>

struct bpf_run_ctx *enter(struct bpf_trace_run_ctx *ctx);

struct bpf_run_ctx *enter(struct bpf_trace_run_ctx *ctx)
{
	return bpf_set_run_ctx(&ctx->run_ctx);
}
